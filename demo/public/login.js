localStorage.removeItem('larkspur.token');

document.querySelector('#sign-in').addEventListener('submit', async (event) => {
  event.preventDefault();
  const answer = await fetch('/api/login', { method: 'POST' });
  const { token } = await answer.json();
  localStorage.setItem('larkspur.token', token);
  location.replace('/');
});
