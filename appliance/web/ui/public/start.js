/* Asks the box for what the page needs first, while its code is still on the way (taken over by src/api/early.ts). */
(() => {
  const paths = ['/setup'];
  try {
    // Without a session the box would refuse these; the page asks for them itself once somebody is signed in.
    if (localStorage.getItem('nvr.signedIn') === 'true') paths.push('/session', '/channels', '/status', '/habits');
  } catch {
    // Storage is forbidden: nothing is known of a session.
  }
  window.nvrEarly = {};
  for (const path of paths) {
    const answer = fetch(`/api/v1${path}`, { headers: { Accept: 'application/json' }, credentials: 'same-origin' });
    answer.catch(() => {}); // The page tells of it when it needs the answer.
    window.nvrEarly[path] = answer;
  }
})();
