package system

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/coder/websocket"

	"github.com/relais-dev/relais/infra/topology"
)

// socketPath is where the WebSocket API is on a laptop.
const socketPath = "/socket"

const (
	// maxFrame is what API Gateway takes and sends in one frame of a WebSocket, in bytes; it
	// closes on what is larger. Here messages have one frame; there one of several has up to maxPost.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
	maxFrame = 32 << 10
	// maxPost is what it takes of a function for a connection.
	maxPost = 128 << 10
	// socketWrite bounds a write to a client that does not read.
	socketWrite = 5 * time.Second
)

// A socketAPI is the WebSockets that are open or about to be, by their
// connection's id.
type socketAPI struct {
	mu   sync.Mutex
	open map[string]*socketConn
}

// A socketConn is a WebSocket. Posts wait until it is ready: the function knows of
// it before the client does.
type socketConn struct {
	ready chan struct{}
	c     *websocket.Conn // once ready; nil when it was not opened
}

func (a *socketAPI) add(id string) *socketConn {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = map[string]*socketConn{}
	}
	a.open[id] = &socketConn{ready: make(chan struct{})}
	return a.open[id]
}

func (a *socketAPI) get(ctx context.Context, id string) (*websocket.Conn, bool) {
	a.mu.Lock()
	x, ok := a.open[id]
	a.mu.Unlock()
	if !ok {
		return nil, false
	}
	select {
	case <-x.ready:
	case <-ctx.Done():
		return nil, false
	}
	return x.c, x.c != nil
}

func (a *socketAPI) remove(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, id)
}

// closeAll ends all connections, as a deployment does.
func (a *socketAPI) closeAll() {
	a.mu.Lock()
	all := a.open
	a.open = nil
	a.mu.Unlock()
	for _, x := range all {
		<-x.ready
		if x.c != nil {
			x.c.CloseNow()
		}
	}
}

// socketFunction takes what comes on WebSockets, where there is one.
func (s *System) socketFunction() (topology.Function, bool) {
	i := slices.IndexFunc(s.Functions, func(f topology.Function) bool { return f.Socket })
	if i < 0 {
		return topology.Function{}, false
	}
	return s.Functions[i], true
}

// serveSocket is the WebSocket API: it asks the function whether to open the
// connection, hands it each message, and sends back what it answers.
func (s *System) serveSocket(w http.ResponseWriter, r *http.Request, f topology.Function) {
	id := rand.Text()[:16]
	x := s.sockets.add(id)
	defer s.sockets.remove(id)
	if x.c = s.openSocket(w, r, f, id); x.c == nil {
		close(x.ready)
		return
	}
	close(x.ready)
	defer x.c.CloseNow()
	ctx := context.WithoutCancel(r.Context())
	var busy sync.WaitGroup
	defer busy.Wait()
	s.readSocket(ctx, x.c, func(message []byte) {
		busy.Go(func() { s.takeMessage(ctx, x.c, r, f, id, message) })
	})
	s.sockets.remove(id)
	if _, err := s.socketEvent(ctx, f, id, "DISCONNECT", r, ""); err != nil {
		s.log.Error("invoke", "function", f.Name, "error", err.Error())
	}
}

// openSocket asks the function; without its consent it answers and returns nil.
func (s *System) openSocket(w http.ResponseWriter, r *http.Request, f topology.Function, id string) *websocket.Conn {
	answer, err := s.socketEvent(r.Context(), f, id, "CONNECT", r, "")
	if err != nil {
		s.log.Error("invoke", "function", f.Name, "error", err.Error())
		fail(w, http.StatusInternalServerError, "Internal Server Error")
		return nil
	}
	if answer.StatusCode != http.StatusOK {
		fail(w, answer.StatusCode, http.StatusText(answer.StatusCode))
		return nil
	}
	c, err := websocket.Accept(w, r,
		&websocket.AcceptOptions{InsecureSkipVerify: true}) // the function has looked at the origin
	if err != nil {
		return nil // Accept has answered
	}
	c.SetReadLimit(maxFrame)
	return c
}

// readSocket hands on each message until the connection ends.
func (s *System) readSocket(ctx context.Context, c *websocket.Conn, take func([]byte)) {
	for {
		_, message, err := c.Read(ctx)
		if err != nil {
			return
		}
		take(message)
	}
}

// takeMessage gives a message to the function. Nobody waits for its answer: what a client
// sends one after the other is handled at the same time, and so is the connection's end.
func (s *System) takeMessage(ctx context.Context, c *websocket.Conn, r *http.Request, f topology.Function, id string,
	message []byte) {
	answer, err := s.socketEvent(ctx, f, id, "MESSAGE", r, string(message))
	if err != nil {
		s.log.Error("invoke", "function", f.Name, "error", err.Error())
		return
	}
	if answer.Body != "" {
		s.writeSocket(ctx, c, []byte(answer.Body)) // to whom is still there
	}
}

// writeSocket sends a frame, or closes the connection because of its size.
func (s *System) writeSocket(ctx context.Context, c *websocket.Conn, frame []byte) error {
	ctx, cancel := context.WithTimeout(ctx, socketWrite)
	defer cancel()
	if len(frame) > maxFrame {
		return c.Close(websocket.StatusMessageTooBig, "")
	}
	return c.Write(ctx, websocket.MessageText, frame)
}

type socketAnswer struct {
	StatusCode int    `json:"statusCode"`
	Body       string `json:"body"`
}

// socketEvent invokes the function with the event that API Gateway makes.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
func (s *System) socketEvent(ctx context.Context, f topology.Function, id, kind string, r *http.Request,
	body string) (answer socketAnswer, err error) {
	ip, _, _ := net.SplitHostPort(r.RemoteAddr)
	routes := map[string]string{"CONNECT": "$connect", "DISCONNECT": "$disconnect", "MESSAGE": "$default"}
	doc := map[string]any{"isBase64Encoded": false, "requestContext": map[string]any{"routeKey": routes[kind],
		"eventType": kind, "connectionId": id, "apiId": "local",
		"stage": "local", "domainName": r.Host, "requestTimeEpoch": s.Now().UnixMilli(),
		"identity": map[string]string{"sourceIp": ip, "userAgent": r.UserAgent()}}}
	if kind == "CONNECT" {
		doc["headers"], doc["queryStringParameters"] = flat(r.Header), flat(r.URL.Query())
	}
	if kind == "MESSAGE" {
		doc["body"] = body
	}
	payload, err := json.Marshal(doc)
	if err != nil {
		return answer, err
	}
	reply, err := s.Invoke(ctx, f, payload)
	if err != nil {
		return answer, err
	}
	err = json.Unmarshal(reply, &answer)
	return answer, err
}

// flat has the last of each name's values, as API Gateway's single-valued maps have.
func flat(values map[string][]string) map[string]string {
	one := map[string]string{}
	for name, list := range values {
		one[name] = list[len(list)-1]
	}
	return one
}

// managing is an AWS client's way to the endpoint, which leads posts to
// connections to the WebSockets.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
type managing struct {
	aws.HTTPClient
	system    *System
	principal string
}

// Do answers r.
func (m managing) Do(r *http.Request) (*http.Response, error) {
	escaped, found := strings.CutPrefix(r.URL.EscapedPath(), "/@connections/")
	if !found {
		return m.HTTPClient.Do(r)
	}
	id, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, err
	}
	frame, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if !m.system.Allows(m.principal, "execute-api:ManageConnections", socketResource) {
		return managed(r, http.StatusForbidden, "ForbiddenException"), nil
	}
	if len(frame) > maxPost {
		return managed(r, http.StatusRequestEntityTooLarge, "PayloadTooLargeException"), nil
	}
	c, ok := m.system.sockets.get(r.Context(), id)
	if !ok {
		return managed(r, http.StatusGone, "GoneException"), nil
	}
	if err := m.system.writeSocket(r.Context(), c, frame); err != nil {
		return managed(r, http.StatusGone, "GoneException"), nil
	}
	return managed(r, http.StatusOK, ""), nil
}

// socketResource is what a grant on open WebSockets covers.
const socketResource = "sockets"

func managed(r *http.Request, status int, kind string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	if kind != "" {
		h.Set("X-Amzn-Errortype", kind)
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1,
		ProtoMinor: 1, Header: h, Request: r,
		Body: io.NopCloser(bytes.NewReader([]byte("{}"))), ContentLength: 2}
}

// OpenSockets is how many WebSockets are open.
func (s *System) OpenSockets() int {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	return len(s.sockets.open)
}
