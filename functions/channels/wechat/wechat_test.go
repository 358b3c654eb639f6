package wechat

import (
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relais-dev/relais/functions/channels/internal/tencent"
	"github.com/relais-dev/relais/functions/channels/wechat/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
	"github.com/relais-dev/relais/shared/stage/sample"
)

func Test(t *testing.T) {
	samplesOpen(t)
	exam.Run(t, Channel, play.Platform)
}

func FuzzChannel(f *testing.F)      { exam.Fuzz(f, Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, Channel, play.Platform) }

// samplesOpen holds the encrypted samples against testdata/plain, where a person
// can read them. With -update a sample that differs is written as its plain text,
// which exam then encrypts and signs.
func samplesOpen(t *testing.T) {
	files, err := filepath.Glob("testdata/plain/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata/plain: %v, %d files", err, len(files))
	}
	account := demo(t).Account
	for _, f := range files {
		want, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(f), filepath.Ext(f))
		got, err := opened(account, name)
		if err == nil && got == string(want) {
			continue
		}
		if flag.Lookup("update").Value.String() != "true" {
			t.Errorf("testdata/in/%s.http does not hold %s (%v); run with -update", name, f, err)
			continue
		}
		r := channel.Request{Method: http.MethodPost, Path: sample.Path("wechat"),
			Header: http.Header{"Content-Type": {"text/xml"}}, Body: want}
		if err := os.WriteFile("testdata/in/"+name+".http", sample.Format(r), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// opened is the message within testdata/in/NAME.http.
func opened(a channel.Account, name string) (string, error) {
	text, err := os.ReadFile("testdata/in/" + name + ".http")
	if err != nil {
		return "", errors.New("no sample")
	}
	r, err := sample.Parse(text)
	if err != nil {
		return "", err
	}
	envelope, err := tencent.Parse(string(r.Body))
	if err != nil {
		return "", err
	}
	return open(a, envelope.Text("Encrypt"))
}

func demo(t testing.TB) sample.Set {
	t.Helper()
	set, err := sample.Read(".")
	if err != nil {
		t.Fatal(err)
	}
	return set
}
