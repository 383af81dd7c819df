// An application that uses openid-client as its documentation shows; a test tells it what to do.
import * as client from 'openid-client'
import { follow } from './told.mjs'

let config, bound, asked, own

const ways = {
  client_secret_basic: (secret) => client.ClientSecretBasic(secret),
  client_secret_post: (secret) => client.ClientSecretPost(secret),
  private_key_jwt: () => client.PrivateKeyJwt({ key: own.privateKey, kid: 'own' }),
  none: () => client.None()
}

await follow({
  async key() {
    own = await client.randomDPoPKeyPair('ES256')
    return crypto.subtle.exportKey('jwk', own.publicKey)
  },
  async discover({ issuer, id, secret, way }) {
    bound = undefined
    config = await client.discovery(new URL(issuer), id, undefined, ways[way](secret))
    return config.serverMetadata()
  },
  async bind() {
    bound = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) }
  },
  async begin({ back, scope, pushed, more }) {
    const verifier = client.randomPKCECodeVerifier()
    asked = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
    const request = {
      redirect_uri: back, scope, state: asked.expectedState, nonce: asked.expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more
    }
    const where = pushed
      ? await client.buildAuthorizationUrlWithPAR(config, request, bound)
      : client.buildAuthorizationUrl(config, request)
    return where.href
  },
  async come_back({ address }) {
    const tokens = await client.authorizationCodeGrant(config, new URL(address), asked, undefined, bound)
    return { ...tokens, claims: tokens.claims() ?? null }
  },
  async refresh({ token }) {
    const tokens = await client.refreshTokenGrant(config, token, undefined, bound)
    return { ...tokens, claims: tokens.claims() ?? null }
  },
  userinfo: ({ token, sub }) => client.fetchUserInfo(config, token, sub, bound),
  introspect: ({ token }) => client.tokenIntrospection(config, token),
  revoke: ({ token }) => client.tokenRevocation(config, token),
  end_session: ({ hint, back, state }) =>
    client.buildEndSessionUrl(config, { id_token_hint: hint, post_logout_redirect_uri: back, state }).href,
  device: ({ scope }) => client.initiateDeviceAuthorization(config, { scope }),
  async wait({ device }) {
    const tokens = await client.pollDeviceAuthorizationGrant(config, device, undefined, bound)
    return { ...tokens, claims: tokens.claims() ?? null }
  }
})
