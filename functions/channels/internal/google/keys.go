package google

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"

	"github.com/golang-jwt/jwt/v5"
)

// keySet is a document of public keys.
// https://www.rfc-editor.org/rfc/rfc7517#section-5
type keySet struct {
	Keys []key `json:"keys"`
}

// key is an RSA public key. https://www.rfc-editor.org/rfc/rfc7518#section-6.3.1
type key struct {
	Type      string `json:"kty"`
	ID        string `json:"kid"`
	Algorithm string `json:"alg,omitempty"`
	Use       string `json:"use,omitempty"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`
}

var errNoKey = errors.New("no such key")

// publicKey is the key called id in doc.
func publicKey(doc []byte, id string) (*rsa.PublicKey, error) {
	var set keySet
	if id == "" || json.Unmarshal(doc, &set) != nil {
		return nil, errNoKey
	}
	for _, k := range set.Keys {
		if k.ID == id && k.signs() {
			return k.rsa()
		}
	}
	return nil, errNoKey
}

// signs says whether k is for the signatures we accept.
func (k key) signs() bool {
	return k.Type == "RSA" && (k.Algorithm == "" || k.Algorithm == jwt.SigningMethodRS256.Alg()) &&
		(k.Use == "" || k.Use == "sig")
}

// Bounds of a key's modulus in bits: smaller ones are broken, larger ones only slow.
const minBits, maxBits = 2048, 8192

func (k key) rsa() (*rsa.PublicKey, error) {
	n, errN := base64.RawURLEncoding.DecodeString(k.Modulus)
	e, errE := base64.RawURLEncoding.DecodeString(k.Exponent)
	if errN != nil || errE != nil || len(e) > 4 {
		return nil, errNoKey
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	if bits := public.N.BitLen(); bits < minBits || bits > maxBits {
		return nil, errNoKey
	}
	return public, nil
}
