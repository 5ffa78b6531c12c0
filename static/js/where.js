// Sends the visitor's position, rounded to about a hundred metres, when the visitor asks for the nearest stores.
const form = document.querySelector("[data-nearest]");

if (form && "geolocation" in navigator) {
  const said = form.querySelector("[role=status]");
  const search = document.querySelector("[data-search]");
  form.hidden = false;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    said.textContent = form.dataset.looking;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.latitude.value = coords.latitude.toFixed(3);
        form.elements.longitude.value = coords.longitude.toFixed(3);
        form.elements.partner.value = search.elements.partner.value;
        form.submit();
      },
      (problem) => {
        said.textContent = problem.code === problem.PERMISSION_DENIED ? form.dataset.refused : form.dataset.unknown;
      },
      { timeout: 10000, maximumAge: 300000 },
    );
  });

  // A page that the browser kept must not show a search that has ended.
  window.addEventListener("pageshow", () => { said.textContent = ""; });
}

// Phones of this kind open such an address in the visitor's own maps; elsewhere the link would lead nowhere.
if (/Android/.test(navigator.userAgent)) {
  document.querySelectorAll("[data-map]").forEach((link) => { link.hidden = false; });
}
