package keep

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T, dir string) *Log {
	t.Helper()
	l, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func write(t *testing.T, l *Log, ops ...Op) {
	t.Helper()
	if err := l.Write(ops...); err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, l *Log, prefix string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := l.Range(prefix, func(k string, v []byte) error { got[k] = string(v); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestReopenKeepsLatestValues(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, Op{"a/1", []byte("one")}, Op{"a/2", []byte("two")}, Op{"b/1", []byte{}})
	write(t, l, Op{"a/1", []byte("uno")}, Op{"a/2", nil})
	write(t, l, Op{"a/3", []byte("x")}, Op{"a/3", nil}, Op{"a/3", []byte("last of one record wins")})
	before, _ := os.Stat(filepath.Join(dir, logName))
	l.Close()

	l = open(t, dir)
	if diff := cmp.Diff(map[string]string{"a/1": "uno", "a/3": "last of one record wins"}, contents(t, l,
		"a/")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"b/1": ""}, contents(t, l, "b/")); diff != "" {
		t.Error(diff)
	}
	after, _ := os.Stat(filepath.Join(dir, logName))
	if after.Size() >= before.Size() {
		t.Errorf("not compacted: %d bytes before, %d after", before.Size(), after.Size())
	}
	write(t, l, Op{"a/4", []byte("after reopening")})
	l.Close()
	if got := contents(t, open(t, dir), "a/4"); got["a/4"] != "after reopening" {
		t.Errorf("a write after compaction was lost: %v", got)
	}
}

func TestRangeIsInKeyOrder(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for _, k := range []string{"b", "c", "a", "bb"} {
		write(t, l, Op{k, []byte(k)})
	}
	l.Close()
	var got []string
	open(t, dir).Range("", func(k string, _ []byte) error { got = append(got, k); return nil })
	if diff := cmp.Diff([]string{"a", "b", "bb", "c"}, got); diff != "" {
		t.Error(diff)
	}
}

// A record cut short at any byte is as if it had never been written; what came before it stays.
func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, Op{"first", []byte("kept")})
	whole := l.size
	write(t, l, Op{"second", []byte("one half")}, Op{"third", []byte("other half")}, Op{"first", nil})
	l.Close()
	file, err := os.ReadFile(filepath.Join(dir, logName))
	if err != nil {
		t.Fatal(err)
	}
	for cut := whole; cut <= int64(len(file)); cut++ {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, logName), file[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"first": "kept"}
		if cut == int64(len(file)) {
			want = map[string]string{"second": "one half", "third": "other half"}
		}
		l := open(t, dir)
		if diff := cmp.Diff(want, contents(t, l, "")); diff != "" {
			t.Errorf("cut at byte %d of %d: %s", cut, len(file), diff)
		}
		write(t, l, Op{"next", []byte("n")})
		l.Close()
		want["next"] = "n"
		if diff := cmp.Diff(want, contents(t, open(t, dir), "")); diff != "" {
			t.Errorf("written after a cut at byte %d: %s", cut, diff)
		}
	}
}

func TestDamageIsNotSilentlyDropped(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, Op{"first", []byte("kept")})
	write(t, l, Op{"second", []byte("too")})
	l.Close()
	path := filepath.Join(dir, logName)
	file, _ := os.ReadFile(path)
	for i := range file {
		broken := append([]byte{}, file...)
		broken[i] ^= 0x40
		os.WriteFile(path, broken, 0o600)
		_, err := Open(dir)
		if err == nil || !strings.Contains(err.Error(), "damaged at byte") || !strings.Contains(err.Error(), path) {
			t.Fatalf("flipped byte %d: got error %v, want one that names %s and the place", i, err, path)
		}
		if now, _ := os.ReadFile(path); !cmp.Equal(now, broken) {
			t.Fatalf("flipped byte %d: the damaged file was changed", i)
		}
	}
}

func TestOneOwner(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), dir+" is in use") {
		t.Errorf("second Open: got %v, want an error that names the directory", err)
	}
	l.Close()
	open(t, dir)
}

func TestMemoryKeepsNothing(t *testing.T) {
	l := open(t, "")
	write(t, l, Op{"a", []byte("b")})
	if got := contents(t, l, ""); len(got) != 0 {
		t.Errorf("got %v, want nothing", got)
	}
}

// TestKilled kills a writing process and looks for every write whose success it had reported.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("KEEP_TEST_CHILD"); dir != "" {
		writeUntilKilled(dir)
		return
	}
	dir := t.TempDir()
	for round := range 3 {
		child := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		child.Env = append(os.Environ(), "KEEP_TEST_CHILD="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := -1
		for s := bufio.NewScanner(out); s.Scan(); {
			if n, err := strconv.Atoi(s.Text()); err == nil {
				acknowledged = n
			}
			if acknowledged%2000 == 1999 {
				child.Process.Kill()
			}
		}
		child.Wait()
		checkKilled(t, dir, round, acknowledged)
	}
}

func writeUntilKilled(dir string) {
	l, err := Open(dir)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	start := 0
	l.Range("n/", func(string, []byte) error { start++; return nil })
	for i := start; ; i++ {
		n := strconv.Itoa(i)
		if err := l.Write(Op{"n/" + n, []byte(n)}, Op{"twin/" + n, []byte(n)}); err != nil {
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

func checkKilled(t *testing.T, dir string, round, acknowledged int) {
	t.Helper()
	if acknowledged < 1999 {
		t.Fatalf("round %d: the child acknowledged only up to %d", round, acknowledged)
	}
	l := open(t, dir)
	defer l.Close()
	n, twin := contents(t, l, "n/"), contents(t, l, "twin/")
	for i := range acknowledged + 1 {
		if n["n/"+strconv.Itoa(i)] == "" {
			t.Fatalf("round %d: write %d of %d was acknowledged and is lost", round, i, acknowledged)
		}
	}
	if len(n) != len(twin) {
		t.Errorf("round %d: %d and %d keys, so a record was kept by half", round, len(n), len(twin))
	}
}

func BenchmarkWrite(b *testing.B) {
	l, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	value := make([]byte, 1024)
	b.SetBytes(1024)
	for i := 0; b.Loop(); i++ {
		if err := l.Write(Op{strconv.Itoa(i), value}); err != nil {
			b.Fatal(err)
		}
	}
}
