// Package play plays what WeChat's platforms share: the proof in a query, and the
// envelope around what they push.
package play

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// Signature is the SHA-1 of parts, sorted and joined.
// https://developers.weixin.qq.com/doc/service/guide/dev/push/
func Signature(parts ...string) string {
	sorted := slices.Clone(parts)
	slices.Sort(sorted)
	sum := sha1.Sum([]byte(strings.Join(sorted, "")))
	return hex.EncodeToString(sum[:])
}

// A Key seals envelopes.
type Key []byte

// ParseKey reads an EncodingAESKey; false when it is none.
func ParseKey(encodingAESKey string) (Key, bool) {
	key, err := base64.RawStdEncoding.DecodeString(encodingAESKey)
	return key, err == nil && len(encodingAESKey) == 43 && len(key) == 32
}

// Seal is the text of an Encrypt field: AES-256-CBC of 16 random bytes, which are salt,
// the message's length, the message, and the receiver's id, padded to 32 bytes.
// https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
func (k Key) Seal(salt [16]byte, message, id string) string {
	const fill = 32
	b := binary.BigEndian.AppendUint32(salt[:], uint32(len(message)))
	b = append(append(b, message...), id...)
	pad := fill - len(b)%fill
	for range pad {
		b = append(b, byte(pad))
	}
	c, err := aes.NewCipher(k)
	if err != nil {
		return ""
	}
	cipher.NewCBCEncrypter(c, k[:aes.BlockSize]).CryptBlocks(b, b)
	return base64.StdEncoding.EncodeToString(b)
}

// Opens says whether a text is an envelope under k.
func (k Key) Opens(encrypt string) bool {
	sealed, err := base64.StdEncoding.DecodeString(encrypt)
	c, wrong := aes.NewCipher(k)
	if err != nil || wrong != nil || len(sealed) == 0 || len(sealed)%aes.BlockSize != 0 {
		return false
	}
	cipher.NewCBCDecrypter(c, k[:aes.BlockSize]).CryptBlocks(sealed, sealed)
	n := sealed[len(sealed)-1]
	return n >= 1 && n <= 32 && len(sealed) > 20 &&
		uint64(binary.BigEndian.Uint32(sealed[16:20])) <= uint64(len(sealed)-20)
}
