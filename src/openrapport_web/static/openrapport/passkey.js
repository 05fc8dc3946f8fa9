// When a passkey is refused or the question closed, the page says so instead of staying silent.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const words = document.getElementById("passkey_trouble");
  if (words) words.hidden = false;
});
