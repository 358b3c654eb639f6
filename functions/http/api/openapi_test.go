package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/relais-dev/relais/events/schema"
	"github.com/relais-dev/relais/shared/access"
)

var update = flag.Bool("update", false, "rewrite openapi.json from the table of endpoints and the schemas of events")

// A node is an object of a JSON document.
type node = map[string]any

// A bundle gathers definitions of the contract's schemas into one document, which
// any tool reads without looking further.
type bundle struct {
	t       *testing.T
	files   map[string]node   // by name
	names   map[string]string // "file#definition" → component
	schemas node              // the components
}

// Definitions of the same name keep it in the first file; elsewhere the prefix comes
// before it.
var sources = []struct{ file, prefix string }{
	{"defs.schema.json", ""}, {"api.schema.json", ""}, {"message.schema.json", "Outbound"}, {"action.schema.json",
		"Action"}, {"command.schema.json", "Command"},
}

func newBundle(t *testing.T) *bundle {
	b := &bundle{t: t, files: map[string]node{}, names: map[string]string{}, schemas: node{}}
	taken := map[string]bool{}
	for _, s := range sources {
		text, err := schema.Files.ReadFile(s.file)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Defs map[string]node `json:"$defs"`
		}
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		defs := node{}
		for name, def := range doc.Defs {
			component := name
			if taken[name] {
				component = s.prefix + name
			}
			defs[name], b.names[s.file+"#"+name] = def, component
		}
		b.files[s.file] = defs
		for name := range defs {
			taken[name] = true
		}
	}
	return b
}

// ref refers to a definition and takes it in.
func (b *bundle) ref(file, name string) node {
	component, ok := b.names[file+"#"+name]
	if !ok {
		b.t.Fatalf("%s defines no %s", file, name)
	}
	if _, done := b.schemas[component]; !done {
		b.schemas[component] = nil // ends recursion
		b.schemas[component] = b.take(file, b.files[file][name])
	}
	return node{"$ref": "#/components/schemas/" + component}
}

// take is v with its references into the bundle.
func (b *bundle) take(file string, v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = b.take(file, v[i])
		}
		return list
	case node:
		out := node{}
		for key, member := range v {
			if target, ok := member.(string); ok && key == "$ref" {
				at, name, _ := strings.Cut(target, "#/$defs/")
				if at == "" {
					at = file
				}
				maps.Copy(out, b.ref(at, name))
			} else {
				out[key] = b.take(file, member)
			}
		}
		return out
	}
	return v
}

// api refers to a definition by its name alone: the API's own, an action's or a command's.
func (b *bundle) api(name string) node {
	for _, file := range []string{"api.schema.json", "command.schema.json"} {
		if _, ok := b.files[file][name]; ok {
			return b.ref(file, name)
		}
	}
	return b.ref("action.schema.json", name)
}

var kinds = []kind{malformed, unauthorised, forbidden, missing, notAllowed, conflict, stale, closed, withdrawn,
	oversize,
	notJSON, invalid, lossy, unreachable, broken, unavailable}

// scopesText tells callers what they may do and see.
const scopesText = "A caller has scopes, and the accounts whose conversations they may see; what is of other accounts is not found. " +
	"An operation names the scope that it takes, or several of which one is enough: read; reply, to answer; outreach, to write to an identity " +
	"or with priority bulk; manage; admin; pii. None brings another.\n\n" +
	"Without the scope pii, answers hide who people are: identities, phones, e-mail addresses and usernames show a few characters, as in " +
	"+44•••••946, names their initials; pictures of people are absent. Masked are also the platform's id of a conversation, " +
	"values of payments' and persons' fields, what changed of a conversation but its title, and numbers that a platform's refusal repeats; the platform's own text of what is not supported is absent. " +
	"A platform's ids of messages read sealed.…, and work as such in replyTo and in actions of their conversation. Not masked are what people said, " +
	"with the contacts, forms and mentions in it, titles of groups, and ids of Relais: cnv_… and con_… follow from an identity, so that who has a number can tell whose they are.\n\n" +
	"Calls that change something are recorded with the caller, not with content, and so are reads of a history with the scope pii; " +
	"the scope admin lists them."

// documentOf is the OpenAPI 3.1 document of the endpoints.
// https://spec.openapis.org/oas/v3.1.1.html
func documentOf(t *testing.T) node {
	b := newBundle(t)
	paths := node{}
	for _, e := range endpoints() {
		if paths[e.path] == nil {
			paths[e.path] = node{}
		}
		paths[e.path].(node)[strings.ToLower(e.method)] = b.operation(e)
	}
	return node{
		"openapi": "3.1.1",
		"info": node{
			"title": "Relais", "version": "1.0.0", "license": node{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			"description": "Talk with customers on every messaging channel: send messages and actions, ask what became of them, read conversations, and see " +
				"beforehand what a channel will show. What happens on channels arrives as events on queues, see asyncapi.json.\n\n" +
				scopesText,
		},
		"servers":  []any{node{"url": "/", "description": "the deployment that serves this document"}},
		"security": []any{node{"iam": []any{}}, node{"bearer": []any{}}},
		"paths":    paths,
		"components": node{
			"schemas": b.schemas, "responses": b.problemResponses(), "securitySchemes": node{
				"iam": node{"type": "apiKey", "in": "header", "name": "Authorization", "x-amazon-apigateway-authtype": "awsSigv4",
					"description": "AWS Signature Version 4 for execute-api, where the deployment has no issuer of tokens; what a role may do is in the deployment's configuration"},
				"bearer": node{"type": "http", "scheme": "bearer",
					"description": "a JWT of the deployment's issuer, with scopes in its claim scope or scp (read or relais/read) and lists in relais_accounts (line/main, or * for all) and relais_destinations; on a laptop a token that is printed at the start"},
			},
		},
	}
}

func (b *bundle) operation(e endpoint) node {
	success := node{"description": "OK", "content": content("application/json", node{"type": "object"})}
	if e.answer != "" {
		success["content"] = content("application/json", b.api(e.answer))
	}
	if e.success == http.StatusAccepted {
		success["description"] = "Accepted"
	}
	if e.answer == "Acceptance" {
		success["headers"] = node{"Location": node{"description": "where to ask what became of it",
			"schema": node{"type": "string"}}}
	}
	responses := node{strconv.Itoa(e.success): success}
	for _, status := range statuses(e) {
		responses[strconv.Itoa(status)] = node{"$ref": fmt.Sprintf("#/components/responses/Problem%d", status)}
	}
	op := node{"operationId": e.operation, "summary": e.summary, "responses": responses}
	if len(e.scopes) > 0 {
		op["security"] = security(e.scopes)
	}
	if p := parameters(e); len(p) > 0 {
		op["parameters"] = p
	}
	if e.body != "" {
		op["requestBody"] = node{"required": true, "content": content("application/json", b.api(e.body))}
	}
	return op
}

// security are the ways in, with one of the scopes each: a role's stand in the
// configuration, a token's in its claims.
// https://spec.openapis.org/oas/v3.1.1.html#security-requirement-object
func security(scopes []access.Scope) []any {
	var ways []any
	for _, s := range scopes {
		ways = append(ways, node{"iam": []any{s}}, node{"bearer": []any{s}})
	}
	return ways
}

func content(contentType string, s node) node { return node{contentType: node{"schema": s}} }

// statuses are those of the problems that an endpoint may answer.
func statuses(e endpoint) []int {
	list := []int{http.StatusUnauthorized, http.StatusInternalServerError, http.StatusServiceUnavailable}
	if strings.Contains(e.path, "{") {
		list = append(list, http.StatusNotFound)
	}
	if len(e.scopes) > 0 {
		list = append(list, http.StatusForbidden)
	}
	if e.body != "" {
		list = append(list, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
			http.StatusUnprocessableEntity)
	}
	for _, k := range e.refuses {
		list = append(list, k.status)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func parameters(e endpoint) []any {
	var list []any
	for _, part := range strings.Split(e.path, "/") {
		if form := idForms[part]; form != nil {
			list = append(list, node{"name": strings.Trim(part, "{}"), "in": "path", "required": true,
				"schema": node{"type": "string", "pattern": form.String()}})
		}
	}
	for _, p := range e.query {
		list = append(list, node{"name": p.name, "in": "query", "description": p.about, "schema": node{"type": "string"}})
	}
	if e.key {
		list = append(list, node{"name": "Idempotency-Key", "in": "header", "schema": node{"type": "string"},
			"description": "The same key with the same body means the same request, however often it is sent. For messages it may stand in the body instead."})
	}
	return list
}

func (b *bundle) problemResponses() node {
	out := node{}
	for _, k := range kinds {
		name := fmt.Sprintf("Problem%d", k.status)
		line := fmt.Sprintf("%s (%s%s)", k.title, problems, k.name)
		if r, ok := out[name].(node); ok {
			r["description"] = r["description"].(string) + "; " + line
			continue
		}
		out[name] = node{"description": line, "content": content("application/problem+json", b.api("Problem"))}
	}
	return out
}

// TestDocumentIsUpToDate holds endpoints, schemas and document together.
func TestDocumentIsUpToDate(t *testing.T) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(documentOf(t)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("openapi.json", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), string(openAPI)); diff != "" {
		t.Errorf("openapi.json is not what endpoints and schemas give; run go test ./functions/http/api -update and read the diff (-want +file):\n%s", diff)
	}
}

// A book is the document, compiled.
type book struct {
	doc     node
	schemas map[string]*jsonschema.Schema // by component
}

func readBook(t testing.TB) book {
	t.Helper()
	text, err := os.ReadFile("openapi.json") // not the embedded one, which an update has not changed yet
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	const url = "https://relais.dev/openapi.json"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(url, v); err != nil {
		t.Fatal(err)
	}
	b := book{doc: v.(node), schemas: map[string]*jsonschema.Schema{}}
	for name := range b.at(t, "components/schemas").(node) {
		s, err := c.Compile(url + "#/components/schemas/" + name)
		if err != nil {
			t.Fatalf("%s is no valid schema: %v", name, err)
		}
		b.schemas[name] = s
	}
	return b
}

// at is the part of the document at a path, its keys' slashes written ~1.
func (b book) at(t testing.TB, path string) any {
	t.Helper()
	var v any = b.doc
	for _, key := range strings.Split(path, "/") {
		o, ok := v.(node)
		if v = o[strings.ReplaceAll(key, "~1", "/")]; !ok || v == nil {
			t.Fatalf("the document has no %s at %q", path, key)
		}
	}
	return v
}

// schemaOf is the compiled schema that a content of the document refers to.
func (b book) schemaOf(t testing.TB, path string) *jsonschema.Schema {
	t.Helper()
	s := b.at(t, path).(node)
	ref, _ := s["$ref"].(string)
	return b.schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
}

func TestDocumentIsWhole(t *testing.T) {
	b := readBook(t)
	refs := 0
	walk(b.doc, func(o node) {
		if target, ok := o["$ref"].(string); ok {
			refs++
			if !strings.HasPrefix(target, "#/") {
				t.Errorf("%s leads out of the document", target)
				return
			}
			b.at(t, strings.TrimPrefix(target, "#/"))
		}
	})
	if refs < 100 {
		t.Errorf("%d references: the document is not what it was", refs)
	}
	seen := map[string]bool{}
	for _, e := range endpoints() {
		op := b.at(t, "paths/"+strings.ReplaceAll(e.path, "/", "~1")+"/"+strings.ToLower(e.method)).(node)
		if name := op["operationId"].(string); seen[name] || name == "" {
			t.Errorf("%s %s has no name of its own: %q", e.method, e.path, name)
		} else {
			seen[name] = true
		}
		for status, r := range op["responses"].(node) {
			if ref, ok := r.(node)["$ref"].(string); ok {
				r = b.at(t, strings.TrimPrefix(ref, "#/"))
			}
			if r.(node)["description"] == "" || r.(node)["content"] == nil {
				t.Errorf("%s %s says nothing of %s", e.method, e.path, status)
			}
		}
	}
}

func walk(v any, visit func(node)) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			walk(x, visit)
		}
	case node:
		visit(v)
		for _, x := range v {
			walk(x, visit)
		}
	}
}
