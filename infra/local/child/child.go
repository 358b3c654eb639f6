// Package child runs local mode as a process of its own, which can be killed at any
// moment and started again on what it kept.
package child

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// Options say how a child runs.
type Options struct {
	Binary string    // what Build made
	Root   string    // the project's root
	Data   string    // where it keeps its state
	Config string    // "" is the project's own
	Disk   int64     // no file grows beyond so many bytes, as on a full disk; 0 is no bound
	Calls  *os.File  // takes the calls that platforms receive, as JSON lines; nil drops them
	Logs   io.Writer // takes the functions' logs
}

// A Child is a running process and where it listens.
type Child struct {
	Addresses
	cmd     *exec.Cmd
	drained chan struct{}
}

// Addresses are where local mode listens.
type Addresses struct {
	URL      string            // of the webhooks and of the HTTP API
	AWS      string            // of the AWS API
	Token    string            // of the HTTP API
	Outbound string            // URL of the queue that takes what is to be said
	Queues   map[string]string // URLs by destination
}

// Build compiles local mode into a file.
func Build(ctx context.Context, root, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "./infra/local")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build infra/local: %w\n%s", err, out)
	}
	return nil
}

// block is the unit of ulimit -f, in bytes.
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/ulimit.html
const block = 512

// Start runs the command on free ports and waits for its welcome.
func Start(o Options) (*Child, error) {
	cmd := command(o)
	cmd.Dir, cmd.Stderr = o.Root, o.Logs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &Child{cmd: cmd, drained: make(chan struct{})}
	welcome := readWelcome(out)
	go func() {
		io.Copy(io.Discard, out)
		close(c.drained)
	}()
	if c.Addresses, err = Read(welcome); err != nil {
		c.Kill()
		return nil, err
	}
	return c, nil
}

// command is the command line. A shell sets the bound of files, because what sets it
// within a process differs from system to system.
func command(o Options) *exec.Cmd {
	args := []string{o.Binary, "--data", o.Data, "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0"}
	if o.Config != "" {
		args = append(args, "--config", o.Config)
	}
	if o.Calls != nil {
		args = append(args, "--calls", "/dev/fd/3")
	}
	if o.Disk > 0 {
		limit := strconv.FormatInt(o.Disk/block, 10)
		args = append([]string{"sh", "-c", `ulimit -f "$0" && exec "$@"`, limit}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	if o.Calls != nil {
		cmd.ExtraFiles = []*os.File{o.Calls}
	}
	return cmd
}

// last is the line that ends the welcome.
const last = "Ctrl-C stops."

func readWelcome(out io.Reader) string {
	var b strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != last; {
		b.WriteString(lines.Text() + "\n")
	}
	return b.String()
}

var (
	pagesLine  = regexp.MustCompile(`(?m)^  (http://\S+)/platforms$`)
	awsFlag    = regexp.MustCompile(`--endpoint-url (\S+)`)
	tokenWord  = regexp.MustCompile(`Authorization: Bearer (\S+)`)
	queueLines = regexp.MustCompile(`(?m)^  (\S+) +(http://\S+\.fifo)$`)
)

// answers is what the welcome calls the queue that takes what is to be said.
const answers = "(answers)"

// Read takes the addresses from a welcome.
func Read(welcome string) (Addresses, error) {
	find := func(re *regexp.Regexp) string {
		if m := re.FindStringSubmatch(welcome); m != nil {
			return m[1]
		}
		return ""
	}
	a := Addresses{URL: find(pagesLine), AWS: find(awsFlag), Token: find(tokenWord), Queues: map[string]string{}}
	for _, m := range queueLines.FindAllStringSubmatch(welcome, -1) {
		a.Queues[m[1]] = m[2]
	}
	a.Outbound = a.Queues[answers]
	delete(a.Queues, answers)
	if a.URL == "" || a.AWS == "" || a.Token == "" || a.Outbound == "" {
		return a, errors.New("local mode did not start, or its welcome lacks an address:\n" + welcome)
	}
	return a, nil
}

// Webhook is where a channel's webhooks arrive.
func (a Addresses) Webhook(channel string) string { return a.URL + "/webhooks/" + channel + "/demo" }

// Kill ends the process as kill -9 does.
func (c *Child) Kill() {
	c.cmd.Process.Kill()
	<-c.drained
	c.cmd.Wait()
}
