package channel

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
)

// An Account is one identity of the brand on a channel, with its credentials.
type Account struct {
	ID  string // opaque path element: "demo"
	URL string // public URL of its webhook, as configured; platforms that sign URLs need it

	values map[string][]string
}

// accountID is what an account's path element may be: short, and safe in paths,
// secret names and logs.
var accountID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// ValidAccountID says whether id may name an account.
func ValidAccountID(id string) bool { return accountID.MatchString(id) }

// ParseAccount reads an account's secret: a JSON object whose values are a text,
// or a list of texts that are all accepted (several apps, or a rotation). previous
// may be nil; its values are accepted after the current ones while a rotation is
// in progress. Errors name the key and never the value.
func ParseAccount(id, url string, current, previous []byte) (Account, error) {
	a := Account{ID: id, URL: url, values: map[string][]string{}}
	for _, doc := range [][]byte{current, previous} {
		if doc == nil {
			continue
		}
		if err := a.add(doc); err != nil {
			return Account{}, fmt.Errorf("account %s: %w", id, err)
		}
	}
	return a, nil
}

// NewAccount is an account with one value per credential.
func NewAccount(id, url string, credentials map[string]string) Account {
	a := Account{ID: id, URL: url, values: map[string][]string{}}
	for k, v := range credentials {
		a.values[k] = []string{v}
	}
	return a
}

func (a Account) add(doc []byte) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(doc, &object); err != nil {
		return fmt.Errorf("secret is not a JSON object of credentials")
	}
	for name, raw := range object {
		var one string
		var many []string
		if json.Unmarshal(raw, &one) == nil {
			many = []string{one}
		} else if json.Unmarshal(raw, &many) != nil {
			return fmt.Errorf("credential %q is neither a text nor a list of texts", name)
		}
		for _, v := range many {
			if strings.TrimSpace(v) != "" && !slices.Contains(a.values[name], v) {
				a.values[name] = append(a.values[name], v)
			}
		}
	}
	return nil
}

// Value is the credential to use when one is needed: the current one, or "".
func (a Account) Value(name string) string {
	if v := a.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Values are all accepted values of a credential, the current one first.
func (a Account) Values(name string) []string { return a.values[name] }

// Missing names the first required credential that a has no usable value for.
// A channel without a usable secret does not answer.
func (c Channel) Missing(a Account) (name string, missing bool) {
	for _, cr := range c.Credentials {
		if !cr.Optional && strings.TrimSpace(a.Value(cr.Name)) == "" {
			return cr.Name, true
		}
	}
	return "", false
}

// String keeps secrets out of messages: an account prints as its id.
func (a Account) String() string { return a.ID }

// GoString is String.
func (a Account) GoString() string { return a.ID }

// LogValue is the id.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.ID) }

// MarshalJSON is the id.
func (a Account) MarshalJSON() ([]byte, error) { return json.Marshal(a.ID) }
