// The host app's part of the page: it vouches for its users, and opens the chat.
for (const button of document.querySelectorAll("button[data-user]")) {
  button.addEventListener("click", async () => {
    const answer = await fetch("/page/token?user=" + encodeURIComponent(button.dataset.user));
    await window.Relais.login(await answer.text());
    window.Relais.open();
  });
}
document.querySelector("button[data-logout]").addEventListener("click", () => window.Relais.logout());
