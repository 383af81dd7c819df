// Every name under .test is on this machine; its certificate is still asked for the name.
import dns from 'node:dns'

const lookUp = dns.lookup
dns.lookup = (name, options, done) => {
  if (!name.endsWith('.test')) return lookUp(name, options, done)
  const answered = done ?? options
  if (done && options.all) answered(null, [{ address: '127.0.0.1', family: 4 }])
  else answered(null, '127.0.0.1', 4)
}
