package functions_test

import (
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// secretive are names of what must be compared in constant time.
var secretive = regexp.MustCompile(`(?i)(secret|signature|sig|digest|mac|hmac|sum|proof|token|password|verifier)s?$`)

// timely are the comparisons of such names that give nothing away, and why.
var timely = map[string]string{
	"../shared/signature/signature.go: len(sig) != ed25519.SignatureSize":       "the length is public",
	"channels/internal/tencent/xml.go: strings.HasPrefix(s.src[s.pos:], token)": "a token of XML",
	"channels/sms/twilio.go: q.Get(bodyDigest) != hex.EncodeToString(sum[:])":   "the body's digest is public; the signature covers it",
	"channels/instagram/send.go: q.Get(\"access_token\") != own":                "the double of the platform",
	"channels/telegram/compose.go: sum == p.Amount.Amount":                      "an amount of money",
}

// TestComparisonsTakeConstantTime: what proves a request is compared by crypto/subtle
// or crypto/hmac alone, since an ordinary comparison ends at the first difference and
// its time tells how much of a guess was right.
func TestComparisonsTakeConstantTime(t *testing.T) {
	found := map[string]bool{}
	for _, dir := range []string{"channels", "../shared/signature", "../shared/secret", "../shared/webhook",
		"../shared/media", "http"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
				strings.HasPrefix(filepath.Base(path), "double") {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			for _, c := range comparisons(file) {
				var text strings.Builder
				if err := printer.Fprint(&text, files, c); err != nil {
					return err
				}
				found[filepath.ToSlash(path)+": "+text.String()] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range slices.Sorted(maps.Keys(found)) {
		if timely[c] == "" {
			t.Errorf("%s\n\tcompare with shared/signature or crypto/subtle, or say in the list why time gives nothing away", c)
		}
	}
	for c := range timely {
		if !found[c] {
			t.Errorf("%s is in the list and not in the code", c)
		}
	}
}

// comparisons are the expressions of a file that compare something secretive with
// anything but a constant of the language.
func comparisons(file *ast.File) (list []ast.Expr) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.BinaryExpr:
			if (x.Op == token.EQL || x.Op == token.NEQ) && (isSecretive(x.X) && !isConstant(x.Y) || isSecretive(x.Y) &&
				!isConstant(x.X)) {
				list = append(list, x)
			}
		case *ast.CallExpr:
			f, ok := x.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, _ := f.X.(*ast.Ident)
			if pkg == nil || pkg.Name != "bytes" && pkg.Name != "strings" && pkg.Name != "slices" && pkg.Name != "reflect" {
				return true
			}
			switch f.Sel.Name {
			case "Equal", "EqualFold", "Compare", "DeepEqual", "Contains", "HasPrefix", "HasSuffix", "Index":
				if slices.ContainsFunc(x.Args, isSecretive) {
					list = append(list, x)
				}
			}
		}
		return true
	})
	return list
}

// isSecretive says whether an expression ends in a secretive name: sig, a.Token,
// mac.Sum(nil), sum[:], values("app_secret").
func isSecretive(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.Ident:
		return secretive.MatchString(x.Name)
	case *ast.SelectorExpr:
		return secretive.MatchString(x.Sel.Name)
	case *ast.IndexExpr:
		return isSecretive(x.X)
	case *ast.SliceExpr:
		return isSecretive(x.X)
	case *ast.ParenExpr:
		return isSecretive(x.X)
	case *ast.CallExpr:
		if isSecretive(x.Fun) {
			return true
		}
		return slices.ContainsFunc(x.Args, func(e ast.Expr) bool {
			name, ok := e.(*ast.BasicLit)
			return isSecretive(e) || ok && secretive.MatchString(strings.Trim(name.Value, "\"`"))
		})
	}
	return false
}

// isConstant says whether e is a literal, nil, or a length: comparing with it tells
// whether there is a secret, and not which.
func isConstant(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return x.Name == "nil"
	}
	return false
}
