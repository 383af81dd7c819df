// npm oidc-provider with its own forms, over TLS: that a test passes here shows that the test is right.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import Provider from 'oidc-provider'

const { issuer, port, pem } = JSON.parse(process.argv[2])
const provider = new Provider(issuer, {
  claims: { openid: ['sub', 'sid', 'auth_time'], email: ['email', 'email_verified'], profile: ['name'] },
  findAccount: (_, sub) => ({
    accountId: sub, claims: () => ({ sub, email: sub, email_verified: true, name: 'Ada' })
  }),
  features: {
    deviceFlow: { enabled: true }, dPoP: { enabled: true }, introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true }, revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true }, backchannelLogout: { enabled: true }, registration: { enabled: true }
  },
  // Its own dispatcher calls nobody on loopback, where all names of the tests are.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  pkce: { required: () => true },
  issueRefreshToken: (_, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  rotateRefreshToken: true
})
const secured = readFileSync(pem)
createServer({ key: secured, cert: secured }, provider.callback()).listen(port, '127.0.0.1')
