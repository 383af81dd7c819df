// The same on oauth4webapi, which leaves each request and each check to the application that uses it.
import * as oauth from 'oauth4webapi'
import { follow } from './told.mjs'

let server, client, shows, bound, asked, own

const ways = {
  client_secret_basic: (secret) => oauth.ClientSecretBasic(secret),
  client_secret_post: (secret) => oauth.ClientSecretPost(secret),
  private_key_jwt: () => oauth.PrivateKeyJwt({ key: own.privateKey, kid: 'own' }),
  none: () => oauth.None()
}

// A server may ask once for a nonce of its own in the proof of the key (RFC 9449, section 8).
async function proved(send, read) {
  try {
    return await read(await send())
  } catch (wrong) {
    if (!bound || !oauth.isDPoPNonceError(wrong)) throw wrong
    return read(await send())
  }
}

const told = (tokens) => ({ ...tokens, claims: oauth.getValidatedIdTokenClaims(tokens) ?? null })

await follow({
  async key() {
    own = await oauth.generateKeyPair('ES256')
    return crypto.subtle.exportKey('jwk', own.publicKey)
  },
  async discover({ issuer, id, secret, way }) {
    const there = new URL(issuer)
    server = await oauth.processDiscoveryResponse(there, await oauth.discoveryRequest(there))
    client = { client_id: id }
    shows = ways[way](secret)
    bound = undefined
    return server
  },
  async bind() {
    bound = { DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')) }
  },
  async begin({ back, scope, pushed, more }) {
    asked = { verifier: oauth.generateRandomCodeVerifier(), state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(), back }
    let request = new URLSearchParams({
      client_id: client.client_id, response_type: 'code', redirect_uri: back, scope, state: asked.state, nonce: asked.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(asked.verifier), code_challenge_method: 'S256', ...more
    })
    if (pushed) {
      const kept = await proved(
        () => oauth.pushedAuthorizationRequest(server, client, shows, request, bound),
        (answer) => oauth.processPushedAuthorizationResponse(server, client, answer)
      )
      request = new URLSearchParams({ client_id: client.client_id, request_uri: kept.request_uri })
    }
    return `${server.authorization_endpoint}?${request}`
  },
  async come_back({ address }) {
    const said = oauth.validateAuthResponse(server, client, new URL(address), asked.state)
    const tokens = await proved(
      () => oauth.authorizationCodeGrantRequest(server, client, shows, said, asked.back, asked.verifier, bound),
      async (answer) => {
        const read = await oauth.processAuthorizationCodeResponse(server, client, answer, {
          expectedNonce: asked.nonce, requireIdToken: true
        })
        await oauth.validateApplicationLevelSignature(server, answer)
        return read
      }
    )
    return told(tokens)
  },
  async refresh({ token }) {
    return told(await proved(
      () => oauth.refreshTokenGrantRequest(server, client, shows, token, bound),
      (answer) => oauth.processRefreshTokenResponse(server, client, answer)
    ))
  },
  userinfo: ({ token, sub }) => proved(
    () => oauth.userInfoRequest(server, client, token, bound),
    (answer) => oauth.processUserInfoResponse(server, client, sub, answer)
  ),
  introspect: async ({ token }) => oauth.processIntrospectionResponse(
    server, client, await oauth.introspectionRequest(server, client, shows, token)
  ),
  revoke: async ({ token }) => oauth.processRevocationResponse(await oauth.revocationRequest(server, client, shows, token)),
  end_session: ({ hint, back, state }) =>
    `${server.end_session_endpoint}?${new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: back, state })}`,
  device: async ({ scope }) => oauth.processDeviceAuthorizationResponse(
    server, client, await oauth.deviceAuthorizationRequest(server, client, shows, new URLSearchParams({ scope }))
  ),
  wait: async ({ device }) => told(await proved(
    () => oauth.deviceCodeGrantRequest(server, client, shows, device.device_code, bound),
    (answer) => oauth.processDeviceCodeResponse(server, client, answer)
  ))
})
