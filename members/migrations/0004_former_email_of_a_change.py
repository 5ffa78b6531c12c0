from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0003_second_factors_and_sign_ins")]

    operations = [
        migrations.AddField(
            model_name="emailchange",
            name="former_email",
            field=models.EmailField(blank=True, default="", max_length=254, verbose_name="former e-mail"),
            preserve_default=False,
        ),
    ]
