package google

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/shared/channel"
)

// testKeyID is how tokens signed with testKey call it.
const testKeyID = "relais-test"

// testKey signs what the tests, the demo and local mode send. No account trusts it:
// outside of them, r.Keys is what Google serves.
const testKey = `
-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEAwxqd85itXLydwK7LG2Qrd5dOdbZZCaSIGb9md8BubVkzLJdo
v+s2SocOKns8TjQs7uC4yCfgj8n3+pWGz6Rn5rRIZhL4pnAGwEBjhpw35y9aKbGI
ojiDbTnW2BJaK05OGrYiw18+RugeC0jVMjOza9oza1M2sUd2KYzGGW7r3FUftDTb
DX3II7Abk6ORVip+1qOqHB5qYtBySxTajh5rAjPs24uf2pRwx9AsxeNpOk3nqOgb
R3eLbzwpinB0EGusxUzuBDh9gk8jfdKcf9jg5IWG/84ehwUcmFOIPvPlipqyc1Xz
jbecwUJjBjJnNS3HfgJfnUA0RMInaNK2h9ezXwIDAQABAoIBABjyAEazELIOE7Ad
KS7kDIK1P9I2ca/qmimLRVNZBprIkDh1VhlOaO9NJqHb29wL48AvJLEYGCg0+esk
zyB2tCoqhs82QcCAtlGXv0yTZg+9stjTMCsS8ArjyEpxc5dHOHPwhwVVL3tAFlyk
VU3z5PmMjo0nDekgv++UEN1o8eiGaI6NgvqxVKAy61KmrW6ziU+FA1No9CGJJhV6
v79cD7zGpRFCkefU/gJK0zu6L/lrimBt3BH/FSo02Le50XgtUb6aCliqyLrn2hAt
M61X6uxHja8GI1ogUTZFmFe59hSv1P8p3daX3sdvOIriWL6euwpOxA0qwBdfKNbv
8E/oVXECgYEA5eGqMbx+g3oC53tXci6+qrd48BsSb1YYmbHCQNFJTMZLGjAobOBP
WdygP7NnJE6nCvSV6f99pKwrpODHbimNYk+/UgxN2nYD9ZvEzRBctZCSUBkVuCgp
ZKTXSdd10pSrYICjJn8PdhY4oWlz5otwB1Jhw/928/fGMZYmXyMntEMCgYEA2UVp
o7WFoi9ICDIP9A4IswM2c+09sQoSbqsZNT2fWtzxtT3Ci3uYzhsrCC9X9oRxm21f
o+TVFQSgnGTSZNCaU6CD0wAXE7Xloz13N4mwqzCEK+0E8zl+b1fVAdoSNprAe/89
Jc4ZvWOWs1oNzgz3uiaP0GQKOdxf21Jf3RxxwLUCgYBYwgDMo1LVwM5OQjlJRPMp
Rx3S1yEPC9cDwLaYADalBgsJWX7CSvlYYO8eqU4xnoywli8r4hHI+xD+4CsgRbrp
MpFURJvqtZZhxnr+Eks5b1COzKCuMhOJYHwfbql3XR+uavyTaIu3tGy5JdYyNbRT
n2NQIdrz578GdkrqgNBbsQKBgBVvtcaDKFYiGBdG6TAJGm6fCIZTh9ypw7vLgccw
90H9vpNFLqaYYTEkmRBLq4AU/Sh6mA8RirxyIm6Lu/5aXn+VvKvavGwjbC6458RA
/39EYCX9Upm0uHa/0bJHE7jzd75EJoJOXVfENaAoaGhF+0MQfuvuktu2lHaNIAwu
vEJpAoGBAIM8uCzSq2gbH+PtELaPFcBy3UGaBW6YOKb0PHPOe46YabDS09h3XyXi
TMQDkf/yIMq3R5mhm+1MXjeodMxE9RYf8qYUTRBL7fDO1V7UBw6oJOPYZPpPqbjE
RDxl3w8u/ZEcUYV5GmkndakifT/gksXFSvcpOfNbSNygXO2v2Vu+
-----END RSA PRIVATE KEY-----
`

// Sign gives r the token that w would send at the time of receipt, and the keys
// that Google would serve if the test key were its own. Nobody can sign for an
// empty audience, so r then stays as it is.
func Sign(r *channel.Request, w Caller) {
	private, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(testKey))
	if err != nil || w.Audience == "" {
		return
	}
	c := jwt.MapClaims{"iss": w.Issuer, "aud": w.Audience, "iat": r.Received.Unix(), "exp": r.Received.Add(tokenLife).Unix()}
	if w.Email != "" {
		c["email"], c["email_verified"] = w.Email, true
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
	token.Header["kid"] = testKeyID
	text, err := token.SignedString(private)
	if err != nil {
		return
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(header, scheme+text)
	r.Keys, _ = json.Marshal(keySet{Keys: []key{{ // texts only
		Type: "RSA", ID: testKeyID, Algorithm: token.Method.Alg(), Use: "sig",
		Modulus:  base64.RawURLEncoding.EncodeToString(private.N.Bytes()),
		Exponent: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(private.E)).Bytes()),
	}}})
}

// DoubleToken plays the token endpoint for a's service account.
func DoubleToken(a channel.Account, c channel.Call, scope string) channel.Answer {
	form, err := url.ParseQuery(string(c.Body))
	if err != nil || c.Method != http.MethodPost || c.Path != "/token" || form.Get("grant_type") != grantType {
		return channel.AnswerJSON(http.StatusBadRequest, `{"error":"invalid_request","error_description":"Bad Request"}`)
	}
	k, private, err := credentials(a)
	if err != nil {
		return refusedGrant()
	}
	claimed := jwt.MapClaims{}
	_, err = jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithIssuer(k.Client), jwt.WithAudience(tokenURL), jwt.WithTimeFunc(func() time.Time { return c.Received }),
	).ParseWithClaims(form.Get("assertion"), claimed, func(*jwt.Token) (any, error) { return &private.PublicKey, nil })
	if err != nil || claimed["scope"] != scope || c.Fault == channel.FaultExpired {
		return refusedGrant()
	}
	return channel.AnswerJSON(http.StatusOK, fmt.Sprintf(`{"access_token":%q,"expires_in":%d,"token_type":"Bearer"}`, testToken(a, scope), int(tokenLife.Seconds())-1))
}

func refusedGrant() channel.Answer {
	return channel.AnswerJSON(http.StatusBadRequest, `{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`)
}

// testToken is the access token that DoubleToken gives.
func testToken(a channel.Account, scope string) string {
	return "ya29.test-" + channel.Digest([]byte(a.Value(ServiceAccount)), scope)
}

// Refuse is how an API's double answers for its faults, a token that is not ours or
// a body that is no JSON; ok is false where it does not refuse.
func Refuse(a channel.Account, c channel.Call, scope string) (answer channel.Answer, ok bool) {
	switch {
	case c.Header.Get("Authorization") != "Bearer "+testToken(a, scope), c.Fault == channel.FaultExpired:
		return DoubleError(http.StatusUnauthorized, "UNAUTHENTICATED", "Request had invalid authentication credentials."), true
	case c.Fault == channel.FaultThrottled:
		return DoubleError(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Message writes'."), true
	case c.Fault == channel.FaultGone:
		return DoubleError(http.StatusNotFound, "NOT_FOUND", "Requested entity was not found."), true
	case c.Fault == channel.FaultInvalid:
		return DoubleError(http.StatusBadRequest, "INVALID_ARGUMENT", "Request contains an invalid argument."), true
	case len(c.Body) > 0 && (c.Header.Get("Content-Type") != "application/json" || !json.Valid(c.Body)):
		return DoubleError(http.StatusBadRequest, "INVALID_ARGUMENT", "Invalid JSON payload received."), true
	}
	return channel.Answer{}, false
}

// DoubleError is an API's refusal.
func DoubleError(status int, code, message string) channel.Answer {
	return channel.AnswerJSON(status, fmt.Sprintf(`{"error":{"code":%d,"message":%q,"status":%q}}`, status, message, code))
}
