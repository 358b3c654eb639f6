package ddb

import (
	"slices"
	"strings"
)

// parseUpdate reads an UpdateExpression; none gives an update that changes nothing.
func parseUpdate(text *string, s *scope) (update, error) {
	var u update
	if text == nil {
		return u, nil
	}
	p := newParser("UpdateExpression", *text, s)
	seen := map[string]bool{}
	for p.err == nil {
		clause := strings.ToUpper(p.peek().text)
		if p.peek().shape != tokenWord || !p.clause(&u, clause) {
			p.syntax()
		} else if seen[clause] {
			p.fail("The %q section can only be used once in an update expression;", clause)
		}
		seen[clause] = true
		if p.peek().shape == tokenEnd {
			break
		}
	}
	p.distinct(u.paths())
	return u, p.err
}

func (p *parser) clause(u *update, name string) bool {
	switch name {
	case "SET":
		p.take()
		u.sets = append(u.sets, p.list(p.set)...)
	case "ADD":
		p.take()
		u.adds = append(u.adds, p.list(func() assignment { return p.member("ADD") })...)
	case "DELETE":
		p.take()
		u.deletes = append(u.deletes, p.list(func() assignment { return p.member("DELETE") })...)
	case "REMOVE":
		p.take()
		for _, a := range p.list(func() assignment { return assignment{path: p.path()} }) {
			u.removes = append(u.removes, a.path)
		}
	default:
		return false
	}
	return true
}

func (p *parser) list(item func() assignment) []assignment {
	var all []assignment
	for p.err == nil {
		all = append(all, item())
		if !p.sign(",") {
			break
		}
	}
	return all
}

func (p *parser) set() assignment {
	a := assignment{path: p.path()}
	p.expect("=")
	if end := p.closing(p.pos); p.opens() && end > 0 && !slices.Contains([]string{"+", "-"}, p.tokens[end+1].text) {
		p.operator()
		p.take()
		if p.opens() && p.closing(p.pos) == end-1 {
			p.fail("The expression has redundant parentheses;")
		}
		a.source = p.source()
		p.expect(")")
		return a
	}
	a.source = p.source()
	return a
}

func (p *parser) source() source {
	s := source{left: p.term()}
	for _, sign := range []string{"+", "-"} {
		if p.err == nil && s.sign == "" && p.sign(sign) {
			p.operator()
			s.sign, s.right = sign, p.term()
			p.literal(sign, kindN, s.left, s.right)
		}
	}
	return s
}

// literal refuses a value of the wrong kind before any item is seen.
func (p *parser) literal(operator string, wanted kind, terms ...term) {
	for _, t := range terms {
		if p.err == nil && t.value != nil && t.value.kind != wanted {
			p.badOperand(operator, t.value.kind)
		}
	}
}

func (p *parser) term() term {
	t := p.peek()
	switch {
	case p.err != nil:
		return term{}
	case t.shape == tokenValue:
		return term{operand: operand{value: p.value()}}
	case p.opens():
		return p.bracketed()
	case t.shape == tokenWord && p.peekAfter().text == "(":
		return p.termFunction()
	}
	return term{operand: operand{path: p.path()}}
}

func (p *parser) bracketed() term {
	p.operator()
	p.take()
	if p.opens() {
		p.fail("The expression has redundant parentheses;")
		return term{}
	}
	t := p.term()
	p.expect(")")
	return t
}

func (p *parser) termFunction() term {
	p.operator()
	name := p.take().text
	if name != "if_not_exists" && name != "list_append" {
		p.fail("Invalid function name; function: %s", name)
		return term{}
	}
	p.expect("(")
	t := term{function: name, arguments: []term{p.term()}}
	for p.err == nil && p.sign(",") {
		t.arguments = append(t.arguments, p.term())
	}
	p.expect(")")
	switch {
	case p.err != nil:
	case len(t.arguments) != 2:
		p.fail("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d",
			name, len(t.arguments))
	case name == "list_append":
		p.literal(name, kindL, t.arguments...)
	case t.arguments[0].path == nil:
		p.fail("Operator or function requires a document path; operator or function: if_not_exists")
	}
	return t
}

// member is an action of ADD or DELETE: a path and a value.
func (p *parser) member(clause string) assignment {
	a := assignment{path: p.path()}
	if p.err == nil && p.peek().shape != tokenValue {
		p.syntax()
	}
	if p.err != nil {
		return a
	}
	v := p.value()
	if p.err == nil && !v.isSet() && (clause == "DELETE" || v.kind != kindN) {
		p.fail("Incorrect operand type for operator or function; operator: %s, operand type: %s", clause, longName(v.kind))
	}
	a.source.left.value = v
	return a
}

func longName(k kind) string {
	switch k {
	case kindS:
		return "STRING"
	case kindN:
		return "NUMBER"
	case kindB:
		return "BINARY"
	case kindL:
		return "LIST"
	case kindM:
		return "MAP"
	}
	return string(k)
}
