package ddb

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A scope holds what a request's expressions may refer to, and remembers what they did.
type scope struct {
	names      map[string]string
	values     map[string]Value
	usedNames  map[string]bool
	usedValues map[string]bool
}

func newScope(names map[string]string, values map[string]attribute) (*scope, error) {
	s := &scope{names: names, usedNames: map[string]bool{}, usedValues: map[string]bool{}}
	for name := range names {
		if len(name) < 2 || name[0] != '#' || strings.TrimFunc(name[1:], wordRune) != "" {
			return nil, invalid("ExpressionAttributeNames contains invalid key: Syntax error; key: %q", name)
		}
	}
	if values != nil && len(values) == 0 {
		return nil, invalid("ExpressionAttributeValues must not be empty")
	}
	if names != nil && len(names) == 0 {
		return nil, invalid("ExpressionAttributeNames must not be empty")
	}
	if len(values) > 0 {
		s.values = make(map[string]Value, len(values))
	}
	for name, a := range values {
		if len(name) < 2 || name[0] != ':' || strings.TrimFunc(name[1:], wordRune) != "" {
			return nil, invalid("ExpressionAttributeValues contains invalid key: Syntax error; key: %q", name)
		}
		v, err := a.value(1)
		if err != nil {
			e, _ := isValidation(err)
			return nil, invalid("ExpressionAttributeValues contains invalid value: %s for key %s", e.Message, name)
		}
		s.values[name] = v
	}
	return s, nil
}

func wordRune(r rune) bool { return r < 128 && wordByte(byte(r)) }

// allUsed refuses names and values that no expression of the request mentioned.
func (s *scope) allUsed() error {
	for _, name := range slices.Sorted(maps.Keys(s.names)) {
		if !s.usedNames[name] {
			return invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		if !s.usedValues[name] {
			return invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", name)
		}
	}
	return nil
}

// A parser reads one expression. Its first error sticks and ends the reading, because every token then seems to be the
// last.
type parser struct {
	parameter string // the request parameter that holds the expression, for messages
	text      string
	tokens    []token
	pos       int
	scope     *scope
	err       error
	operators int
}

func newParser(parameter, text string, s *scope) *parser {
	p := &parser{parameter: parameter, text: text, scope: s}
	switch {
	case text == "":
		p.fail("The expression can not be empty;")
	case len(text) > maxExpression:
		p.fail("Expression size has exceeded the maximum allowed size; expression size: %d", len(text))
	}
	if p.err != nil {
		p.tokens = []token{{shape: tokenEnd}}
		return p
	}
	var ok bool
	if p.tokens, ok = lex(text); !ok {
		p.pos = len(p.tokens) - 1
		p.syntax()
	}
	return p
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		e := invalid(format, args...)
		e.Message = "Invalid " + p.parameter + ": " + e.Message
		p.err = e
	}
	if len(p.tokens) > 0 {
		p.pos = len(p.tokens) - 1
		p.tokens[p.pos].shape = tokenEnd
	}
}

// syntax refuses the token at hand, and shows it between its neighbours.
func (p *parser) syntax() {
	t := p.peek()
	from, to := p.tokens[max(0, p.pos-1)].at, len(p.text)
	if p.pos+1 < len(p.tokens) {
		last := p.tokens[p.pos+1]
		to = min(to, last.at+len(last.text))
	}
	p.fail("Syntax error; token: %q, near: %q", t.text, p.text[from:to])
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) peekAfter() token { return p.tokens[min(p.pos+1, len(p.tokens)-1)] }

func (p *parser) take() token {
	t := p.tokens[p.pos]
	if p.pos < len(p.tokens)-1 {
		p.pos++
	}
	return t
}

// sign takes the token if it is that sign.
func (p *parser) sign(text string) bool {
	if t := p.peek(); t.shape != tokenSign || t.text != text {
		return false
	}
	p.take()
	return true
}

func (p *parser) expect(sign string) {
	if !p.sign(sign) {
		p.syntax()
	}
}

func (p *parser) keyword(word string) bool {
	if !p.peek().is(word) {
		return false
	}
	p.take()
	return true
}

func (p *parser) end() {
	if p.peek().shape != tokenEnd {
		p.syntax()
	}
}

// operator counts against the limit of 300 per expression.
func (p *parser) operator() {
	if p.operators++; p.operators > 300 {
		p.fail("The expression contains too many operators; operator count: %d", p.operators)
	}
}

// A step leads from a value into it: by name into a map, by index into a list. The first step of a path is a name.
type step struct {
	name  string
	index int // -1 for a name
}

type path []step

func (a path) String() string {
	parts := make([]string, len(a))
	for i, s := range a {
		parts[i] = s.name
		if s.index >= 0 {
			parts[i] = "[" + strconv.Itoa(s.index) + "]"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (p *parser) path() path {
	a := path{p.name()}
	for p.err == nil {
		switch {
		case p.sign("."):
			a = append(a, p.name())
		case p.sign("["):
			t := p.take()
			n, err := strconv.Atoi(t.text)
			if t.shape != tokenNumber || err != nil || t.text != strconv.Itoa(n) {
				p.pos--
				p.syntax()
				return nil
			}
			p.expect("]")
			a = append(a, step{index: n})
		default:
			return p.checkDepth(a)
		}
	}
	return nil
}

func (p *parser) checkDepth(a path) path {
	if len(a) > maxDepth {
		p.fail("The document path has too many nesting elements; nesting elements: %d", len(a))
	}
	return a
}

func (p *parser) name() step {
	t := p.peek()
	switch t.shape {
	case tokenWord:
		if reserved(t.text) {
			p.fail("Attribute name is a reserved keyword; reserved keyword: %s", t.text)
			return step{}
		}
		p.take()
		return step{name: t.text, index: -1}
	case tokenName:
		name, ok := p.scope.names[t.text]
		if !ok {
			p.fail("An expression attribute name used in the document path is not defined; attribute name: %s", t.text)
			return step{}
		}
		p.scope.usedNames[t.text] = true
		p.take()
		return step{name: name, index: -1}
	}
	p.syntax()
	return step{}
}

// value takes a :value token.
func (p *parser) value() *Value {
	t := p.peek()
	v, ok := p.scope.values[t.text]
	if !ok {
		p.fail("An expression attribute value used in expression is not defined; attribute value: %s", t.text)
		return nil
	}
	p.scope.usedValues[t.text] = true
	p.take()
	return &v
}

// paths reads a list of paths that do not overlap, up to the end.
func (p *parser) paths() []path {
	var all []path
	for p.err == nil {
		all = append(all, p.path())
		if !p.sign(",") {
			break
		}
	}
	p.end()
	p.distinct(all)
	return all
}

// distinct refuses two paths of which one leads to or through the other, or that disagree whether a value is a map or
// a list.
func (p *parser) distinct(all []path) {
	for i, a := range all {
		for _, b := range all[i+1:] {
			if p.err != nil {
				return
			}
			if verb := clash(a, b); verb != "" {
				p.fail("Two document paths %s with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", verb, a, b)
			}
		}
	}
}

func clash(a, b path) string {
	for i := range min(len(a), len(b)) {
		if (a[i].index < 0) != (b[i].index < 0) {
			return "conflict"
		}
		if a[i] != b[i] {
			return ""
		}
	}
	return "overlap"
}

// parseProjection reads a ProjectionExpression; none gives nil.
func parseProjection(text *string, s *scope) ([]path, error) {
	if text == nil {
		return nil, nil
	}
	p := newParser("ProjectionExpression", *text, s)
	all := p.paths()
	return all, p.err
}
