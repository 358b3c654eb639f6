package channel

import "strings"

// Language is a language tag in the order and case of BCP 47, its parts joined by
// separator: Meta writes pt_BR, others pt-BR.
// https://www.rfc-editor.org/rfc/rfc5646#section-2.1.1
func Language(tag, separator string) string {
	parts := strings.FieldsFunc(tag, func(r rune) bool { return r == '-' || r == '_' || r == ' ' })
	for i, p := range parts {
		switch {
		case i == 0:
			parts[i] = strings.ToLower(p)
		case len(p) == 2:
			parts[i] = strings.ToUpper(p)
		case len(p) == 4 && !Digits(p[:1]):
			parts[i] = strings.ToUpper(p[:1]) + strings.ToLower(p[1:])
		}
	}
	return strings.Join(parts, separator)
}
