package tencent

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// The envelope: AES-256-CBC under a 32-byte key whose first half is the IV, of
// 16 random bytes, the message's length in 4 bytes (big-endian), the message and
// the receiver's id, padded to a multiple of 32 bytes. Libraries that pad to AES'
// own 16 bytes refuse half of WeChat's messages.
// https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
const (
	keyText = 43 // characters of an EncodingAESKey
	block   = 32 // bytes the padding fills up to
	random  = 16 // bytes before the length
	prefix  = random + 4
)

var (
	errKey      = errors.New("the EncodingAESKey is not 43 base64 characters")
	errEnvelope = errors.New("the envelope does not open with this key")
)

// A Key opens and seals envelopes.
type Key struct {
	cipher cipher.Block
	iv     []byte
}

// ParseKey reads an EncodingAESKey: 43 base64 characters, the padding left off.
// The last character carries two bits that belong to no byte and are ignored:
// consoles draw all 43 at random.
func ParseKey(encodingAESKey string) (Key, error) {
	if len(encodingAESKey) != keyText {
		return Key{}, errKey
	}
	key, err := base64.RawStdEncoding.DecodeString(encodingAESKey)
	if err != nil || len(key) != 32 {
		return Key{}, errKey
	}
	c, err := aes.NewCipher(key)
	if err != nil {
		return Key{}, errKey
	}
	return Key{cipher: c, iv: key[:aes.BlockSize]}, nil
}

// Open decrypts the text of an Encrypt field into the message and the id of the
// app or corporation it is for, which the caller must compare with its own. It
// checks every byte of the padding, and tells nothing about what was wrong. Check
// the msg_signature first: it covers the ciphertext.
func (k Key) Open(encrypt string) (message, id string, err error) {
	sealed, err := base64.StdEncoding.Strict().DecodeString(encrypt)
	if err != nil || strings.ContainsAny(encrypt, "\r\n") || len(sealed) == 0 || len(sealed)%block != 0 {
		return "", "", errEnvelope
	}
	cipher.NewCBCDecrypter(k.cipher, k.iv).CryptBlocks(sealed, sealed)
	plain, ok := unpad(sealed)
	if !ok || len(plain) < prefix {
		return "", "", errEnvelope
	}
	rest := plain[prefix:]
	n := binary.BigEndian.Uint32(plain[random:prefix])
	if uint64(n) > uint64(len(rest)) {
		return "", "", errEnvelope
	}
	return string(rest[:n]), string(rest[n:]), nil
}

func unpad(b []byte) ([]byte, bool) {
	n := int(b[len(b)-1])
	if n < 1 || n > block {
		return nil, false
	}
	for _, c := range b[len(b)-n:] {
		if int(c) != n {
			return nil, false
		}
	}
	return b[:len(b)-n], true
}

// Seal is the inverse of Open: the text of an Encrypt field. salt is what makes
// equal messages differ; the platform draws it at random.
func (k Key) Seal(salt [16]byte, message, id string) string {
	b := make([]byte, 0, prefix+len(message)+len(id)+block)
	b = append(b, salt[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(message)))
	b = append(b, message...)
	b = append(b, id...)
	pad := block - len(b)%block
	for range pad {
		b = append(b, byte(pad))
	}
	cipher.NewCBCEncrypter(k.cipher, k.iv).CryptBlocks(b, b)
	return base64.StdEncoding.EncodeToString(b)
}
