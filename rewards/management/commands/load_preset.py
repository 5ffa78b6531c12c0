"""Load a programme that comes with the portal, such as Happy Card."""

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from core.commands import PortalCommand
from rewards.presets.load import PRESETS, LoadedPreset, UnknownPreset, load_preset


class Command(PortalCommand):
    """The command `load_preset`."""

    help = "Load a programme with its card products, earning rule and gift cards. A repeat changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the preset's code."""
        parser.add_argument("preset", help=", ".join(PRESETS))

    def handle(self, *_arguments: object, preset: str, verbosity: int, **_options: object) -> None:
        """Load it, and say what it assumes or where the loaded one differs."""
        try:
            loaded = load_preset(code=preset)
        except UnknownPreset:
            sentence = _("There is no such preset. Known presets: %(known)s.") % {"known": ", ".join(PRESETS)}
            raise CommandError(sentence) from None
        if verbosity:
            self._tell(loaded)

    def _tell(self, loaded: LoadedPreset) -> None:
        name = {"name": loaded.preset.name}
        if loaded.is_new:
            self.stdout.write(_("The programme %(name)s is loaded.") % name)
            self.stderr.write(str(loaded.preset.assumptions))
        elif loaded.differences:
            differences = {"differences": ", ".join(loaded.differences)}
            sentence = _("%(name)s was edited since it was loaded and is left as it is: %(differences)s.")
            self.stdout.write(sentence % (name | differences))
        else:
            self.stdout.write(_("%(name)s was loaded before; nothing changed.") % name)
