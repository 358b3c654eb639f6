// Command mutants breaks the code on purpose, one small change at a time, and looks whether a test notices. A change
// that no test notices is a promise that no test holds. Run it from the project's root:
//
//	go run ./infra/mutants                 # make mutants
//	go run ./infra/mutants -list
//	go run ./infra/mutants -only Sequence  # a regular expression over file, texts and reason
//
// No file is touched: the go command reads a changed copy through -overlay. It first runs the tests without any
// change, since a test that fails anyway kills nothing. It ends with 1 when a mutant survives that is not known to, and when
// one cannot be tried: because its text is gone from the file, or the result does not compile. That is corrected in
// the list, which stands in inbound.go, outbound.go, desk.go and doors.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"time"
)

func main() {
	only := flag.String("only", "", "try those whose file, texts or reason match this regular expression")
	list := flag.Bool("list", false, "show the list and try nothing")
	jobs := flag.Int("jobs", runtime.NumCPU(), "how many are tried at the same time")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "-only:", err)
		os.Exit(2)
	}
	chosen := slices.DeleteFunc(all(), func(m mutant) bool { return !m.matches(pattern) })
	if *list {
		show(os.Stdout, chosen)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if !try(ctx, os.Stdout, chosen, *jobs) {
		os.Exit(1)
	}
}

// all are the mutants, in the order of a message's way.
func all() []mutant { return slices.Concat(inbound(), outbound(), desk(), doors()) }

func show(w io.Writer, list []mutant) {
	for _, m := range list {
		fmt.Fprintf(w, "%s: %s\n\t- %s\n\t+ %s\n", m.file, m.why, oneLine(m.old), oneLine(m.new))
		if m.survives != "" {
			fmt.Fprintf(w, "\tsurvives: %s\n", m.survives)
		}
	}
	fmt.Fprintf(w, "%d mutants\n", len(list))
}

// try tells what becomes of each mutant, and whether all is as the list says.
func try(ctx context.Context, w io.Writer, list []mutant, jobs int) bool {
	root, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(w, err)
		return false
	}
	start := time.Now()
	b := bench{root: root}
	if err := b.baseline(ctx, list); err != nil {
		fmt.Fprintln(w, "without any mutant:", err)
		return false
	}
	fmt.Fprintf(w, "all tests pass without a mutant (%s)\n", time.Since(start).Round(time.Second))
	results := make([]result, len(list))
	var wg sync.WaitGroup
	var mu sync.Mutex
	next := make(chan int)
	for range jobs {
		wg.Go(func() {
			for i := range next {
				results[i] = b.try(ctx, list[i])
				mu.Lock()
				results[i].print(w)
				mu.Unlock()
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	wg.Wait()
	return summary(w, results, time.Since(start))
}

// summary counts, and says whether all is as the list says.
func summary(w io.Writer, results []result, took time.Duration) bool {
	count := map[verdict]int{}
	for _, r := range results {
		count[r.verdict]++
	}
	fmt.Fprintf(w, "\n%d mutants in %s: %d killed, %d known to survive, %d survived, %d could not be tried\n",
		len(results), took.Round(time.Second), count[killed], count[known], count[survived], count[broken])
	return count[survived]+count[broken] == 0
}
