package api

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/signature"
)

// A door knows callers.
type door struct {
	tokens map[string]access.Caller // a laptop's; none where an authoriser lets callers in
	roles  access.Roles             // what roles may do that the authoriser lets in
}

// newDoor reads who may do what: on a laptop from a variable, else from the file beside
// the executable.
func newDoor(e function.Env) (door, error) {
	var d door
	if doc := e.Getenv(names.EnvAPITokens); doc != "" {
		if err := json.Unmarshal([]byte(doc), &d.tokens); err != nil {
			return d, fmt.Errorf("%s: %w", names.EnvAPITokens, err)
		}
	}
	file := e.Getenv(names.EnvCallers)
	if file == "" {
		return d, nil
	}
	doc, err := e.ReadFile(file)
	if err != nil {
		return d, fmt.Errorf("read callers: %w", err)
	}
	if err := json.Unmarshal(doc, &d.roles); err != nil {
		return d, fmt.Errorf("%s: %w", file, err)
	}
	return d, nil
}

// A gatewayContext is what API Gateway knows of a request and its authoriser of the
// caller.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
type gatewayContext struct {
	HTTP struct {
		SourceIP string `json:"sourceIp"`
	} `json:"http"`
	Authorizer struct {
		IAM struct {
			UserARN string `json:"userArn"`
		} `json:"iam"`
		JWT struct {
			Claims map[string]json.RawMessage `json:"claims"`
			Scopes []string                   `json:"scopes"`
		} `json:"jwt"`
	} `json:"authorizer"`
}

// contextOf is the payload's; an empty one, which knows nobody, where that is malformed.
func contextOf(payload []byte) gatewayContext {
	var p struct {
		RequestContext gatewayContext `json:"requestContext"`
	}
	if json.Unmarshal(payload, &p) != nil {
		return gatewayContext{}
	}
	return p.RequestContext
}

// caller is who asks; false is nobody that is known. Without tokens of our own it is the
// gateway that knows, and says so in the payload: a route that has lost its authoriser
// lets nobody in.
func (d door) caller(r channel.Request, g gatewayContext) (access.Caller, bool) {
	if len(d.tokens) > 0 {
		return d.bearer(r)
	}
	if user := g.Authorizer.IAM.UserARN; user != "" {
		return access.Caller{Principal: user, Rights: d.roles.Of(user)}, true
	}
	return access.OfClaims(g.Authorizer.JWT.Claims, g.Authorizer.JWT.Scopes)
}

// bearer is whose token a request shows. Each is compared, so that time tells nothing.
func (d door) bearer(r channel.Request) (who access.Caller, known bool) {
	scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return who, false
	}
	for token, c := range d.tokens {
		if signature.Token([]string{token}, shown) == nil {
			who, known = c, true
		}
	}
	return who, known
}

// denied is the problem of a caller who has none of the scopes that would do.
func denied(scopes ...access.Scope) *problem {
	p := forbidden.because("this needs the scope " + strings.Join(access.Names(scopes...), " or "))
	p.Remedy = "have an operator grant it: in the token's claim scope, or to the role in the configuration"
	return p
}
