package system

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/relais-dev/relais/shared/access"
)

// A Token is what a caller shows on a laptop, where no authoriser stands before the API.
type Token struct {
	Value string
	access.Caller
}

// createToken makes what the HTTP API asks for. It is kept, so that clients go on after a
// restart; the others follow from it.
func (s *System) createToken(ctx context.Context, c *secretsmanager.Client) error {
	const name = "relais-local-api-token"
	token := rand.Text()
	_, err := c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String(name), SecretString: &token})
	var exists *smtypes.ResourceExistsException
	if errors.As(err, &exists) {
		var kept *secretsmanager.GetSecretValueOutput
		if kept, err = c.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(name)}); err == nil {
			token = aws.ToString(kept.SecretString)
		}
	}
	s.APIToken, s.Tokens = token, s.tokens(token)
	return err
}

// tokens are one that does everything, one for each destination's desk, which sees no
// identities, and one that only reads.
func (s *System) tokens(all string) []Token {
	any := []string{access.Any}
	list := []Token{{all, access.Caller{Principal: "admin", Rights: access.All()}}}
	for _, d := range s.System.Config.DestinationNames() {
		desk := access.Rights{Scopes: []access.Scope{access.Read, access.Reply}, Destinations: []string{d}, Accounts: any}
		list = append(list, Token{derived(all, "destination "+d), access.Caller{Principal: "desk:" + d, Rights: desk}})
	}
	return append(list, Token{derived(all, "reader"), access.Caller{Principal: "reader",
		Rights: access.Rights{Scopes: []access.Scope{access.Read}, Accounts: any}}})
}

// derived is a token for somebody, of the length of the one that it follows from.
func derived(token, of string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(of))
	return base32.StdEncoding.EncodeToString(mac.Sum(nil))[:len(token)]
}

// tokenTable is the table as the API reads it.
func tokenTable(tokens []Token) string {
	table := map[string]access.Caller{}
	for _, t := range tokens {
		table[t.Value] = t.Caller
	}
	doc, _ := json.Marshal(table) // of texts
	return string(doc)
}
