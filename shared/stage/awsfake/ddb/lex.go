package ddb

import "strings"

// maxExpression is the longest expression in bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxExpression = 4096

// The shapes of tokens that an expression is made of.
const (
	tokenEnd    = iota
	tokenWord   // an attribute name, a function or a keyword
	tokenName   // #name
	tokenValue  // :value
	tokenNumber // a list index
	tokenSign   // an operator or punctuation
)

type token struct {
	shape int
	text  string
	at    int
}

func (t token) is(keyword string) bool {
	return t.shape == tokenWord && strings.EqualFold(t.text, keyword)
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// lex cuts an expression into tokens. The last one is an end token. ok is false at a byte that begins none; the token
// that holds it is the last one then.
func lex(text string) (tokens []token, ok bool) {
	for i := 0; i < len(text); {
		if strings.IndexByte(" \t\r\n", text[i]) >= 0 {
			i++
			continue
		}
		t := next(text, i)
		tokens = append(tokens, t)
		if t.shape == tokenEnd {
			return tokens, false
		}
		i += len(t.text)
	}
	return append(tokens, token{shape: tokenEnd, text: "<EOF>", at: len(text)}), true
}

func next(text string, i int) token {
	c := text[i]
	end := i + 1
	for end < len(text) && wordByte(text[end]) {
		end++
	}
	word := text[i:end]
	switch {
	case c == '#' && len(word) > 1:
		return token{tokenName, word, i}
	case c == ':' && len(word) > 1:
		return token{tokenValue, word, i}
	case c >= '0' && c <= '9' && strings.Trim(word, "0123456789") == "":
		return token{tokenNumber, word, i}
	case c != '_' && wordByte(c) && (c < '0' || c > '9'):
		return token{tokenWord, word, i}
	case i+1 < len(text) && (text[i:i+2] == "<>" || text[i:i+2] == "<=" || text[i:i+2] == ">="):
		return token{tokenSign, text[i : i+2], i}
	case strings.IndexByte("=<>(),.[]+-", c) >= 0:
		return token{tokenSign, text[i : i+1], i}
	}
	return token{tokenEnd, text[i : i+1], i}
}
