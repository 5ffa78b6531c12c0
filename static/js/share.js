// Shares a promotion the way the device does it, or copies its address. Without it there is the link to a letter.
const share = document.querySelector("[data-share]");

if (share) {
  const { address, title, text, copied } = share.dataset;
  const open = share.querySelector("[data-share-open]");
  const copy = share.querySelector("[data-share-copy]");

  if (navigator.share) {
    open.hidden = false;
    // Whoever closes the device's own list has not asked for anything else.
    open.addEventListener("click", () => { navigator.share({ title, text, url: address }).catch(() => {}); });
  }
  if (navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(address);
      share.querySelector("[role=status]").textContent = copied;
    });
  }
}
