// Package secrets emulates AWS Secrets Manager: secrets with versions and their stages AWSCURRENT and AWSPREVIOUS.
// Values are kept in the clear and nothing rotates.
package secrets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
	prefix   = "secrets/"

	// maxValue and maxVersions: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
	maxValue    = 65536
	maxVersions = 100
)

// Secrets are the secrets of one account in one region. They are safe for concurrent use.
type Secrets struct {
	now             func() time.Time
	log             *keep.Log
	region, account string

	mu      sync.Mutex
	secrets map[string]*secret // by name
}

// A secret is kept as one value, all its versions included.
type secret struct {
	Name, ARN   string
	Description string `json:",omitempty"`
	KmsKeyID    string `json:",omitempty"`
	Tags        []tag  `json:",omitempty"`
	Created     time.Time
	Changed     time.Time
	Delete      time.Time         `json:",omitzero"` // when the recovery window ends
	Stages      map[string]string // stage to version id
	Versions    []version         // oldest first
}

type tag struct{ Key, Value string }

type version struct {
	ID      string
	Created time.Time
	value
}

// A value is text or bytes, never both.
type value struct {
	SecretString *string `json:",omitempty"`
	SecretBinary []byte  `json:",omitempty"`
}

func (v value) given() bool { return v.SecretString != nil || v.SecretBinary != nil }

func (v value) equal(o value) bool {
	if (v.SecretString == nil) != (o.SecretString == nil) || !bytes.Equal(v.SecretBinary, o.SecretBinary) {
		return false
	}
	return v.SecretString == nil || *v.SecretString == *o.SecretString
}

// New reads the secrets that log keeps.
func New(now func() time.Time, log *keep.Log, region, account string) (*Secrets, error) {
	s := &Secrets{now: now, log: log, region: region, account: account, secrets: map[string]*secret{}}
	return s, log.Range(prefix, func(key string, b []byte) error {
		x := &secret{}
		if err := json.Unmarshal(b, x); err != nil {
			return fmt.Errorf("secrets: kept %s: %w", key, err)
		}
		s.secrets[x.Name] = x
		return nil
	})
}

// Call runs one operation. The error is a *wire.Error.
func (s *Secrets) Call(action string, body []byte) (any, error) {
	switch action {
	case "CreateSecret":
		return with(s, body, s.create)
	case "GetSecretValue":
		return with(s, body, s.get)
	case "PutSecretValue":
		return with(s, body, s.put)
	case "UpdateSecret":
		return with(s, body, s.update)
	case "DescribeSecret":
		return with(s, body, s.describe)
	case "ListSecrets":
		return with(s, body, s.list)
	case "DeleteSecret":
		return with(s, body, s.remove)
	case "RestoreSecret":
		return with(s, body, s.restore)
	}
	return nil, wire.UnknownOperation("secretsmanager." + action)
}

// Resource is the secret that a request is about: "secret/name", or "secret/*" where it is about none.
func (s *Secrets) Resource(body []byte) string {
	var in struct{ SecretId, Name string }
	json.Unmarshal(body, &in) // what cannot be read is refused by Call
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.find(in.SecretId); x != nil {
		return "secret/" + x.Name
	}
	for _, name := range []string{in.SecretId, in.Name} {
		if name != "" {
			return "secret/" + name
		}
	}
	return "secret/*"
}

func with[In any](s *Secrets, body []byte, f func(*In) (any, error)) (any, error) {
	in := new(In)
	if err := wire.Decode(body, in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, x := range s.secrets {
		if !x.Delete.IsZero() && !s.now().Before(x.Delete) {
			if err := s.log.Write(keep.Op{Key: prefix + name}); err != nil {
				return nil, err
			}
			delete(s.secrets, name)
		}
	}
	return f(in)
}

func notFound() error {
	return wire.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

// find takes a name, an ARN, or an ARN without its random suffix; nil when there is none.
func (s *Secrets) find(id string) *secret {
	if x := s.secrets[id]; x != nil {
		return x
	}
	for _, x := range s.secrets {
		if id == x.ARN || id == x.ARN[:len(x.ARN)-len("-123456")] {
			return x
		}
	}
	return nil
}

// live is find for operations that a secret marked for deletion refuses.
func (s *Secrets) live(id string) (*secret, error) {
	if id == "" {
		return nil, wire.Errorf("InvalidParameterException", "The parameter SecretId is missing.")
	}
	x := s.find(id)
	if x == nil {
		return nil, notFound()
	}
	if !x.Delete.IsZero() {
		return nil, wire.Errorf("InvalidRequestException",
			"You can't perform this operation on the secret because it was marked for deletion.")
	}
	return x, nil
}

// save keeps x and then makes it visible.
func (s *Secrets) save(x *secret) error {
	b, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("keep secret: %w", err)
	}
	if err := s.log.Write(keep.Op{Key: prefix + x.Name, Value: b}); err != nil {
		return err
	}
	s.secrets[x.Name] = x
	return nil
}

// clone lets a change be made and dropped again when it cannot be kept.
func (x *secret) clone() *secret {
	y := *x
	y.Stages, y.Versions = maps.Clone(x.Stages), slices.Clone(x.Versions)
	return &y
}

func checkValue(v value) error {
	switch {
	case v.SecretString != nil && v.SecretBinary != nil:
		return wire.Errorf("InvalidParameterException",
			"You can't specify both a binary secret value and a string secret value in the same secret.")
	case len(v.SecretBinary) > maxValue, v.SecretString != nil && len(*v.SecretString) > maxValue:
		return wire.Errorf("InvalidParameterException", "The secret value is longer than %d bytes.", maxValue)
	case v.SecretString != nil && *v.SecretString == "":
		return wire.Errorf("InvalidParameterException", "The secret value is empty.")
	}
	return nil
}

// addVersion adds v under the id that the client's token gives, or a fresh one, and moves the stages to it. The same
// token with the same value changes nothing; with another value it is an error.
func (x *secret) addVersion(token string, v value, stages []string, now time.Time) (string, error) {
	if token == "" {
		token = wire.RequestID()
	}
	if len(token) < 32 || len(token) > 64 {
		return "", wire.Errorf("InvalidParameterException", "ClientRequestToken must be 32 to 64 characters long.")
	}
	if i := slices.IndexFunc(x.Versions, func(o version) bool { return o.ID == token }); i >= 0 {
		if !x.Versions[i].equal(v) {
			return "", wire.Errorf("ResourceExistsException",
				"A version with this ClientRequestToken exists and its value is another one.")
		}
		return token, nil
	}
	x.Versions = append(x.Versions, version{token, now, v})
	x.Changed = now
	for _, stage := range stages {
		if old := x.Stages[current]; stage == current && old != "" {
			x.Stages[previous] = old
		}
		x.Stages[stage] = token
	}
	x.prune()
	return token, nil
}

// prune forgets the oldest versions without a stage when there are too many.
func (x *secret) prune() {
	for i := 0; len(x.Versions) > maxVersions && i < len(x.Versions); {
		if len(x.stagesOf(x.Versions[i].ID)) > 0 {
			i++
			continue
		}
		x.Versions = slices.Delete(x.Versions, i, i+1)
	}
}

func (x *secret) stagesOf(id string) []string {
	var stages []string
	for _, stage := range slices.Sorted(maps.Keys(x.Stages)) {
		if x.Stages[stage] == id {
			stages = append(stages, stage)
		}
	}
	return stages
}

func suffix() string { return strings.ToUpper(strings.ReplaceAll(wire.RequestID(), "-", "")[:6]) }
