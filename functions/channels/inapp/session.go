package inapp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A Session is one device of a customer, anonymous or known.
type Session struct {
	ID      string    `json:"id"`
	Thread  string    `json:"thread"` // the conversation's PlatformID
	Device  string    `json:"device,omitempty"`
	User    string    `json:"user,omitempty"` // the host app's id of a known user
	Name    string    `json:"name,omitempty"`
	Locale  string    `json:"locale,omitempty"`
	Expires time.Time `json:"expires"`
}

// Conversation is the id of the session's conversation.
func (s Session) Conversation(account string) string {
	return events.ConversationID(Name, account, s.Thread)
}

const (
	// SessionLife is how long a session token is good for.
	SessionLife = 30 * 24 * time.Hour
	// audience keeps tokens of one kind from passing for another.
	audience = "relais-session"
	// maxToken is several times the length of any token that makes sense, in bytes.
	maxToken = 4096
	// leeway is how far the host app's clock and ours may be apart.
	leeway = time.Minute
	// maxUserLife is how far ahead the end of a user token may be.
	maxUserLife = 24 * time.Hour
)

var (
	// ErrExpired says that a token was good once.
	ErrExpired = errors.New("expired token")
	// ErrToken says that a token proves nothing.
	ErrToken = errors.New("bad token")
)

// NewThread is the PlatformID of a conversation that an anonymous visitor begins;
// random is lower-case letters and digits that nobody can guess.
func NewThread(random string) string { return anonymous + random }

// IsAnonymous says whether a visitor began the conversation of that PlatformID.
func IsAnonymous(thread string) bool { return strings.HasPrefix(thread, anonymous) }

// ThreadOf is the PlatformID of the conversation that a known user begins.
func ThreadOf(user string) string { return known + user }

// claims of a session token.
type claims struct {
	jwt.RegisteredClaims
	Device string `json:"dev,omitempty"`
	User   string `json:"usr,omitempty"`
	Name   string `json:"name,omitempty"`
	Locale string `json:"locale,omitempty"`
}

// Grant is the token of s.
func Grant(a channel.Account, s Session) (string, error) {
	keys := sessionKeys(a)
	if len(keys) == 0 {
		return "", errors.New("the account has no usable " + sessionKey)
	}
	c := claims{jwt.RegisteredClaims{ID: s.ID, Subject: s.Thread, Issuer: a.ID, Audience: jwt.ClaimStrings{audience},
		ExpiresAt: jwt.NewNumericDate(s.Expires)},
		s.Device, s.User, s.Name, s.Locale}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(keys[0]))
}

// Admit is the session whose token that is.
func Admit(a channel.Account, token string, now time.Time) (Session, error) {
	err := error(ErrToken)
	for _, key := range sessionKeys(a) {
		var c claims
		if err = check(token, jwt.SigningMethodHS256.Alg(), []byte(key), &c, now, 0, jwt.WithAudience(audience),
			jwt.WithIssuer(a.ID)); err == nil {
			return Session{ID: c.ID, Thread: c.Subject, Device: c.Device, User: c.User, Name: c.Name, Locale: c.Locale,
				Expires: c.ExpiresAt.UTC()}, nil
		}
		if errors.Is(err, ErrExpired) {
			break
		}
	}
	return Session{}, err
}

// check reads a token that must be signed by key with alg and nothing else.
func check(token, alg string, key any, into jwt.Claims, now time.Time, leeway time.Duration,
	more ...jwt.ParserOption) error {
	if len(token) > maxToken {
		return ErrToken
	}
	options := append([]jwt.ParserOption{jwt.WithValidMethods([]string{alg}), jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway), jwt.WithTimeFunc(func() time.Time { return now })}, more...)
	_, err := jwt.NewParser(options...).ParseWithClaims(token, into, func(*jwt.Token) (any, error) { return key, nil })
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return ErrExpired
	}
	return ErrToken
}

// A UserKey checks the tokens with which the host app vouches for its users. Its
// algorithm is fixed: what a token says of itself proves nothing.
type UserKey struct {
	ID   string `json:"kid"`
	Alg  string `json:"alg"`
	Key  string `json:"key"`  // of HS256
	JWKS string `json:"jwks"` // of RS256 and ES256: https URL of the public keys
}

func (k UserKey) usable() bool {
	switch k.Alg {
	case jwt.SigningMethodHS256.Alg():
		return len(k.Key) >= minKey && k.JWKS == "" && k.ID != ""
	case jwt.SigningMethodRS256.Alg(), jwt.SigningMethodES256.Alg():
		u, err := url.Parse(k.JWKS)
		return err == nil && u.Scheme == "https" && u.Host != "" && k.Key == ""
	}
	return false
}

// UserKeyOf is the key of a that a token names by its kid: a key of that id, else
// the first key set without one. The token is not verified yet.
func UserKeyOf(a channel.Account, token string) (UserKey, bool) {
	id := keyID(token)
	var open *UserKey
	for _, text := range a.Values(userKeys) {
		var keys []UserKey
		if json.Unmarshal([]byte(text), &keys) != nil {
			continue
		}
		for _, k := range keys {
			switch {
			case !k.usable():
			case k.ID != "" && k.ID == id:
				return k, true
			case k.ID == "" && open == nil:
				open = &k
			}
		}
	}
	if open == nil {
		return UserKey{}, false
	}
	return *open, true
}

func keyID(token string) string {
	if len(token) > maxToken {
		return ""
	}
	head, _, _ := strings.Cut(token, ".")
	doc, err := base64.RawURLEncoding.DecodeString(head)
	var h struct {
		ID string `json:"kid"`
	}
	if err != nil || json.Unmarshal(doc, &h) != nil {
		return ""
	}
	return h.ID
}

// A User is whom a token vouches for.
type User struct {
	jwt.RegisteredClaims
	ExternalID string `json:"external_id"` // else the subject
	Name       string `json:"name"`
	Locale     string `json:"locale"`
}

// CheckUser is the user that token vouches for. set is the document at k.JWKS.
func CheckUser(k UserKey, set []byte, token string, now time.Time) (User, error) {
	key := any([]byte(k.Key))
	if k.JWKS != "" {
		var ok bool
		if key, ok = publicKey(set, keyID(token), k.Alg); !ok {
			return User{}, ErrToken
		}
	}
	var u User
	if err := check(token, k.Alg, key, &u, now, leeway); err != nil {
		return User{}, err
	}
	if u.ExternalID == "" {
		u.ExternalID = u.Subject
	}
	if !ValidUser(u.ExternalID) || u.ExpiresAt.After(now.Add(maxUserLife+leeway)) {
		return User{}, ErrToken
	}
	return u, nil
}

// A webKey is a public key. https://www.rfc-editor.org/rfc/rfc7518#section-6
type webKey struct {
	Type  string `json:"kty"`
	ID    string `json:"kid"`
	Alg   string `json:"alg"`
	Use   string `json:"use"`
	N     string `json:"n"`
	E     string `json:"e"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	Y     string `json:"y"`
}

// publicKey is the key of a set that is called id, or its only one when the token
// names none, for alg.
func publicKey(doc []byte, id, alg string) (any, bool) {
	var set struct {
		Keys []webKey `json:"keys"`
	}
	if json.Unmarshal(doc, &set) != nil || id == "" && len(set.Keys) != 1 {
		return nil, false
	}
	i := slices.IndexFunc(set.Keys, func(k webKey) bool {
		return (id == "" || k.ID == id) && (k.Alg == "" || k.Alg == alg) && (k.Use == "" || k.Use == "sig")
	})
	if i < 0 {
		return nil, false
	}
	if alg == jwt.SigningMethodES256.Alg() {
		return set.Keys[i].ecdsa()
	}
	return set.Keys[i].rsa()
}

// minBits of an RSA key: shorter ones are broken.
const minBits, maxBits = 2048, 8192

func (k webKey) rsa() (any, bool) {
	n, errN := base64.RawURLEncoding.DecodeString(k.N)
	e, errE := base64.RawURLEncoding.DecodeString(k.E)
	if k.Type != "RSA" || errN != nil || errE != nil || len(e) == 0 || len(e) > 4 {
		return nil, false
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	bits := public.N.BitLen()
	return public, bits >= minBits && bits <= maxBits
}

func (k webKey) ecdsa() (any, bool) {
	x, errX := base64.RawURLEncoding.DecodeString(k.X)
	y, errY := base64.RawURLEncoding.DecodeString(k.Y)
	if k.Type != "EC" || k.Curve != "P-256" || errX != nil || errY != nil || len(x) != 32 || len(y) != 32 {
		return nil, false
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
	return public, err == nil
}

// AllowsOrigin says whether the widget may run at origin, as a browser names it.
func AllowsOrigin(a channel.Account, origin string) bool {
	for _, list := range a.Values(origins) {
		for o := range strings.SplitSeq(list, ",") {
			if o = strings.TrimSpace(o); o == origin && isOrigin(o) {
				return true
			}
		}
	}
	return false
}

// isOrigin keeps "*" and "null" from being origins.
func isOrigin(o string) bool {
	u, err := url.Parse(o)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && o == u.Scheme+"://"+u.Host
}
