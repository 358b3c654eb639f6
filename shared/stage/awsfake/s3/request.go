package s3

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"

	"github.com/johannesboyne/gofakes3"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

// New returns the S3 API over what log keeps. Bucket and key are in the path; virtual-host names are not understood.
func New(clock Clock, log *keep.Log) (http.Handler, error) {
	s, err := open(clock, log)
	if err != nil {
		return nil, err
	}
	inner := gofakes3.New(s, gofakes3.WithTimeSource(clock), gofakes3.WithTimeSkewLimit(0)).Server()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name := unknown(r.URL.Query()); name != "" {
			WriteError(w, http.StatusNotImplemented, "NotImplemented", "the query parameter "+name+" is not emulated")
			return
		}
		bucket, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if err := s.expire(bucket); err != nil {
			WriteError(w, http.StatusInternalServerError, "InternalError", err.Error())
			return
		}
		switch {
		case bucket == "" && r.Method != http.MethodGet:
			w.Header().Set("Content-Type", "text/xml")
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, unknownQuery)
		case r.URL.Query().Has("tagging"):
			s.serveTagging(w, r)
		case r.URL.Query().Has("lifecycle"):
			s.serveLifecycle(w, r)
		case isForm(r, bucket):
			if code := refuseForm(r, bucket, clock.Now()); code != "" {
				w.Header().Set("Access-Control-Allow-Origin", "*") // as the bucket's rule says
				WriteError(w, http.StatusForbidden, code, "the form's policy does not allow this upload")
				return
			}
			inner.ServeHTTP(w, r)
		default:
			if d := r.URL.Query().Get(disposition); d != "" {
				w.Header().Set("Content-Disposition", d)
			}
			inner.ServeHTTP(w, unchunk(r))
		}
	}), nil
}

// disposition is the parameter of a GET that says how a browser is to take the object.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
const disposition = "response-content-disposition"

// unknownQuery answers services that speak AWS's older query protocol, such as STS: none of them is emulated.
const unknownQuery = `<ErrorResponse><Error><Type>Sender</Type><Code>UnknownOperationException</Code>` +
	`<Message>this endpoint emulates no service that speaks the query protocol</Message></Error></ErrorResponse>`

// unknown finds a query parameter that would change the operation and that gofakes3 would ignore, such as ?acl.
func unknown(q url.Values) string {
	known := []string{"list-type", "prefix", "delimiter", "max-keys", "marker", "continuation-token", "start-after",
		"encoding-type",
		"fetch-owner", "uploads", "uploadId", "partNumber", "max-parts", "part-number-marker", "max-uploads", "key-marker",
		"upload-id-marker", "delete", "lifecycle", "tagging", "location", "x-id", disposition}
	for name := range q {
		if !slices.Contains(known, name) && !strings.HasPrefix(strings.ToLower(name), "x-amz-") {
			return name
		}
	}
	return ""
}

// unchunk takes the chunk framing off a body that the SDKs sign or check in chunks. gofakes3 knows one of its forms
// only.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
func unchunk(r *http.Request) *http.Request {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return r
	}
	plain := r.Clone(r.Context())
	plain.Body = io.NopCloser(httputil.NewChunkedReader(r.Body))
	plain.Header.Set("Content-Length", r.Header.Get("X-Amz-Decoded-Content-Length"))
	plain.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	encodings := slices.DeleteFunc(strings.Split(r.Header.Get("Content-Encoding"), ","), func(e string) bool {
		return strings.TrimSpace(e) == "aws-chunked" || e == ""
	})
	plain.Header.Del("Content-Encoding")
	if len(encodings) > 0 {
		plain.Header.Set("Content-Encoding", strings.Join(encodings, ","))
	}
	return plain
}

// WriteError writes an error as S3 words it.
func WriteError(w http.ResponseWriter, status int, code, message string) {
	body, err := xml.Marshal(struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}{Code: code, Message: message})
	if err != nil {
		body = []byte("<Error><Code>InternalError</Code></Error>")
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	w.Write(body)
}

// A Permission is an action that IAM knows and the resource it is asked for: "s3/bucket" or "s3/bucket/key".
type Permission struct{ Action, Resource string }

// Permissions are what a request needs, the operation itself first. It may read the body, which it puts back.
func Permissions(r *http.Request) ([]Permission, error) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	q := r.URL.Query()
	switch {
	case bucket == "":
		return []Permission{{"s3:ListAllMyBuckets", "s3/*"}}, nil
	case key != "":
		return objectPermissions(r, q, "s3/"+bucket+"/"+key), nil
	case q.Has("delete"):
		return deletePermissions(r, bucket)
	case q.Has("uploads"):
		return []Permission{{"s3:ListBucketMultipartUploads", "s3/" + bucket}}, nil
	case q.Has("lifecycle") && r.Method == http.MethodGet:
		return []Permission{{"s3:GetLifecycleConfiguration", "s3/" + bucket}}, nil
	case q.Has("lifecycle"):
		return []Permission{{"s3:PutLifecycleConfiguration", "s3/" + bucket}}, nil
	case q.Has("location"):
		return []Permission{{"s3:GetBucketLocation", "s3/" + bucket}}, nil
	}
	actions := map[string]string{"PUT": "s3:CreateBucket", "DELETE": "s3:DeleteBucket", "POST": "s3:PutObject"}
	action := actions[r.Method]
	if action == "" {
		action = "s3:ListBucket"
	}
	return []Permission{{action, "s3/" + bucket}}, nil
}

func objectPermissions(r *http.Request, q url.Values, resource string) []Permission {
	switch {
	case q.Has("tagging"):
		return []Permission{{map[string]string{"PUT": "s3:PutObjectTagging", "DELETE": "s3:DeleteObjectTagging"}[r.Method],
			resource}}
	case r.Method == http.MethodGet && q.Has("uploadId"):
		return []Permission{{"s3:ListMultipartUploadParts", resource}}
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		return []Permission{{"s3:GetObject", resource}}
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		return []Permission{{"s3:AbortMultipartUpload", resource}}
	case r.Method == http.MethodDelete:
		return []Permission{{"s3:DeleteObject", resource}}
	}
	put := []Permission{{"s3:PutObject", resource}}
	if source, err := url.PathUnescape(r.Header.Get("X-Amz-Copy-Source")); err == nil && source != "" {
		put = append(put, Permission{"s3:GetObject", "s3/" + strings.TrimPrefix(source, "/")})
	}
	return put
}

// maxDeletes bounds the body of DeleteObjects: 1000 keys of 1024 bytes, escaped.
const maxDeletes = 8 << 20

func deletePermissions(r *http.Request, bucket string) ([]Permission, error) {
	body, err := io.ReadAll(io.LimitReader(unchunk(r).Body, maxDeletes))
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	}
	var in struct {
		Object []struct{ Key string }
	}
	if err := xml.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	var all []Permission
	for _, o := range in.Object {
		all = append(all, Permission{"s3:DeleteObject", "s3/" + bucket + "/" + o.Key})
	}
	return all, nil
}
