/* Tells people with an old browser in words why the page stays empty. Plain ES3: it must run there. */
(function () {
  var missing = [];
  if (!('noModule' in document.createElement('script'))) missing.push('script modules');
  if (!window.WebSocket) missing.push('WebSocket');
  if (!window.MediaSource && !window.ManagedMediaSource) missing.push('Media Source Extensions');
  if (!window.Promise || !window.Proxy) missing.push('ES2022');
  if (!window.ResizeObserver) missing.push('ResizeObserver');
  if (!(window.CSS && CSS.supports && CSS.supports('inset', '0') && CSS.supports('aspect-ratio', '1')))
    missing.push('current CSS');
  function show(why) {
    function now() {
      var box = document.getElementById('unsupported');
      var root = document.getElementById('root');
      if (!box || (root && root.firstChild)) return; // The page stands: what broke is not the browser.
      document.getElementById('unsupported-why').appendChild(document.createTextNode(why));
      box.removeAttribute('hidden');
    }
    if (document.readyState === 'loading' && document.addEventListener)
      document.addEventListener('DOMContentLoaded', now);
    else if (document.readyState === 'loading') window.attachEvent('onload', now);
    else now();
  }
  if (missing.length) {
    document.documentElement.setAttribute('data-unsupported', ''); // The page does not start then.
    show('It lacks: ' + missing.join(', ') + '.');
  } else
    window.addEventListener('error', function (event) {
      if (event instanceof ErrorEvent && /SyntaxError/.test(event.message)) show(event.message);
    });
})();
