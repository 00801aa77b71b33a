// The demo's people, who fill the sign-in form.

document.addEventListener("click", (event) => {
  const demo = event.target.closest("[data-demo-email]");
  if (!demo) return;
  const form = document.querySelector("form [name=password]").form;
  form.elements.email.value = demo.dataset.demoEmail;
  form.elements.password.value = demo.dataset.demoPassword;
  form.querySelector("[type=submit]").focus();
});
