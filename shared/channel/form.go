package channel

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"

	"github.com/relais-dev/relais/events"
)

// A File is a file in a form.
type File struct {
	Field, Name string
	Media       events.Media
	Max         int64 // largest, in bytes; 0 is any
}

// Form is a form of fields and a file (multipart/form-data). Its boundary follows
// from the message's id, so that a repeated call has the same bytes. Nothing was
// sent when it fails.
func (e Env) Form(ctx context.Context, id string, fields []events.Field,
	f File) (contentType string, body []byte, err error) {
	content, err := e.Open(ctx, f.Media)
	if err != nil {
		return "", nil, fmt.Errorf("%w: open the file: %w", ErrNotSent, err)
	}
	defer content.Close()
	var b bytes.Buffer // takes everything, so that only the boundary and the file can fail
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary("relais" + Digest([]byte(id))); err != nil {
		return "", nil, err
	}
	for _, field := range fields {
		_ = w.WriteField(field.Name, field.Value)
	}
	part, _ := w.CreateFormFile(f.Field, f.Name)
	in := io.Reader(content)
	if f.Max > 0 {
		in = io.LimitReader(content, f.Max+1)
	}
	n, err := io.Copy(part, in)
	switch {
	case err != nil:
		return "", nil, fmt.Errorf("%w: read the file: %w", ErrNotSent, err)
	case f.Max > 0 && n > f.Max:
		return "", nil, &Error{Class: events.ClassMedia, Title: fmt.Sprintf("the file has more than %d bytes", f.Max),
			Remedy: "send a smaller one"}
	}
	_ = w.Close()
	return w.FormDataContentType(), b.Bytes(), nil
}
