// Package media keeps files: what customers sent, copied before its link dies, and
// what is sent to them. A file is named by the SHA-256 of its content.
package media

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/outhttp"
)

// Prefix is where files stand in the bucket.
const Prefix = "media/"

// LinkLife is how long a link works. People open a conversation weeks later, and
// some platforms load a file when it is opened, so it is long.
const LinkLife = 30 * 24 * time.Hour

// Files are the stored files.
type Files struct {
	objects *s3.Client
	secrets *secretsmanager.Client
	bucket  string
	keyName string
	base    string // the API's origin
	http    channel.Doer
	now     func() time.Time

	mu  sync.Mutex
	key []byte
}

// New is the files of the deployment. A function that makes or checks links needs
// names.EnvLinkKey and names.EnvPublicURL.
func New(c cloud.Clients, e function.Env) *Files {
	return &Files{objects: c.S3, secrets: c.Secrets, bucket: e.Getenv(names.EnvBucket),
		keyName: e.Getenv(names.EnvLinkKey), base: e.Getenv(names.EnvPublicURL),
		http: outhttp.New(e.HTTP, outhttp.MediaTimeout, nil).Following(), now: e.Now}
}

// LoadKey reads the key that signs links, once.
func (f *Files) LoadKey(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.key) > 0 {
		return nil
	}
	out, err := f.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &f.keyName})
	if err != nil {
		return fmt.Errorf("read the key of links: %w", err)
	}
	if f.key = []byte(aws.ToString(out.SecretString)); len(f.key) < 16 {
		f.key = nil
		return errors.New("the key of links is too short")
	}
	return nil
}

// Link is an address at which anyone who has it can load a file, until LinkLife
// is over; LoadKey must have succeeded. name is the file's digest, and perhaps the
// extension of its type: some platforms look at how an address ends.
func (f *Files) Link(name string) string {
	digest := Digest(name)
	expires := strconv.FormatInt(f.now().Add(LinkLife).Unix(), 10)
	return f.base + "/v1/media/" + name + "?" + url.Values{"expires": {expires}, "signature": {f.sign(digest,
		expires)}}.Encode()
}

// Digest is the digest in the name of a link.
func Digest(name string) string {
	digest, _, _ := strings.Cut(name, ".")
	return digest
}

func (f *Files) sign(digest, expires string) string {
	mac := hmac.New(sha256.New, f.key)
	mac.Write([]byte("media\x00" + digest + "\x00" + expires))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Derive makes a key for another purpose than links; LoadKey must have succeeded.
func (f *Files) Derive(purpose string) []byte {
	mac := hmac.New(sha256.New, f.key)
	mac.Write([]byte("derive\x00" + purpose))
	return mac.Sum(nil)
}

// Check says whether a link's parameters are ours and still good.
func (f *Files) Check(digest, expires, signature string) bool {
	until, err := strconv.ParseInt(expires, 10, 64)
	return err == nil && len(f.key) > 0 && hmac.Equal([]byte(f.sign(digest, expires)), []byte(signature)) &&
		f.now().Before(time.Unix(until, 0))
}

// Presign is an S3 address of a file that works for minutes: what a link leads to.
// The file is always saved, never shown by a browser on our origin.
func (f *Files) Presign(ctx context.Context, digest string) (string, error) {
	out, err := s3.NewPresignClient(f.objects).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &f.bucket,
		Key:                        aws.String(Prefix + digest),
		ResponseContentDisposition: aws.String("attachment")}, s3.WithPresignExpires(15*time.Minute))
	if err != nil {
		return "", fmt.Errorf("presign: %w", err)
	}
	return out.URL, nil
}

// Stat is the type and the size of a stored file; found is false when there is none (any
// more). Without leave to list the bucket, S3 says 403 of what is not there.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func (f *Files) Stat(ctx context.Context, digest string) (mime string, size int64, found bool, err error) {
	out, err := f.objects.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &f.bucket, Key: aws.String(Prefix + digest)})
	var answered *awshttp.ResponseError
	if errors.As(err, &answered) {
		switch answered.HTTPStatusCode() {
		case http.StatusNotFound, http.StatusForbidden:
			return "", 0, false, nil
		}
	}
	if err != nil {
		return "", 0, false, fmt.Errorf("look at file: %w", err)
	}
	return aws.ToString(out.ContentType), aws.ToInt64(out.ContentLength), true, nil
}

// Put stores a file of that digest and type. Doing so again changes nothing.
func (f *Files) Put(ctx context.Context, digest, mime string, size int64, content io.ReadSeeker) error {
	_, err := f.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &f.bucket, Key: aws.String(Prefix + digest),
		Body: content, ContentLength: &size, ContentType: &mime})
	if err != nil {
		return fmt.Errorf("store file: %w", err)
	}
	return nil
}

// Uploads is where customers' browsers put files that nobody has looked at yet.
const Uploads = "uploads/"

// PresignUpload is a form with which a browser can put one file of that type and
// size there, until life is over.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
func (f *Files) PresignUpload(ctx context.Context, key, mime string, size int64, life time.Duration) (address string,
	fields map[string]string, err error) {
	out, err := s3.NewPresignClient(f.objects).PresignPostObject(ctx, &s3.PutObjectInput{Bucket: &f.bucket, Key: &key},
		func(o *s3.PresignPostOptions) {
			o.Expires = life
			o.Conditions = []any{[]any{"content-length-range", size, size}, map[string]string{"Content-Type": mime}}
		})
	if err != nil {
		return "", nil, fmt.Errorf("presign: %w", err)
	}
	out.Values["Content-Type"] = mime
	return out.URL, out.Values, nil
}

// Open reads a file: a stored or uploaded one, or the one at its address.
func (f *Files) Open(ctx context.Context, m events.Media) (io.ReadCloser, error) {
	if m.SHA256 == "" && m.URL == "" && strings.HasPrefix(m.PlatformID, Uploads) {
		return f.openUpload(ctx, m.PlatformID)
	}
	if m.SHA256 != "" && (m.URL == "" || strings.HasPrefix(m.URL, f.base+"/v1/media/")) {
		out, err := f.objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &f.bucket, Key: aws.String(Prefix + m.SHA256)})
		if err != nil {
			return nil, fmt.Errorf("open file: %w", err)
		}
		return out.Body, nil
	}
	return f.Get(ctx, m.URL)
}

func (f *Files) openUpload(ctx context.Context, key string) (io.ReadCloser, error) {
	out, err := f.objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &f.bucket, Key: &key})
	if isMissing(err) {
		return nil, &channel.Error{Class: events.ClassMedia, Title: "the file was not uploaded"}
	}
	if err != nil {
		return nil, fmt.Errorf("open upload: %w", err)
	}
	return out.Body, nil
}

// isMissing says whether there is no such object. Who may read objects and not list their bucket, as functions
// here, is refused one that does not exist like one it must not read.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func isMissing(err error) bool {
	var refusal smithy.APIError
	return errors.As(err, &refusal) && (refusal.ErrorCode() == "NoSuchKey" || refusal.ErrorCode() == "AccessDenied")
}

// Get loads what is at a public address.
func (f *Files) Get(ctx context.Context, address string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &channel.Error{Class: events.ClassMedia, Title: "the file's address is malformed"}
	}
	resp, err := f.http.Do(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, &channel.Error{Class: events.ClassMedia, Code: strconv.Itoa(resp.StatusCode),
			Title: "the file could not be loaded", Remedy: "give a public https address that answers 200"}
	}
	return resp.Body, nil
}
