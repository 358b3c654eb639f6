package awsfake

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/relais-dev/relais/shared/stage/awsfake/s3"
)

// serveObjects passes a request to S3, with the same questions asked as for the other services.
func (s *Server) serveObjects(w http.ResponseWriter, r *http.Request) {
	permissions, err := s3.Permissions(r)
	if err != nil || len(permissions) == 0 {
		s3.WriteError(w, http.StatusBadRequest, "MalformedXML", "the keys to delete could not be read")
		return
	}
	call := Call{Principal: principal(r), Action: permissions[0].Action, Resource: permissions[0].Resource, Units: 1}
	call.Status = s.performObjects(w, r, permissions, &call)
	if s.options.Observe != nil {
		s.options.Observe(call)
	}
}

func (s *Server) performObjects(w http.ResponseWriter, r *http.Request, permissions []s3.Permission, call *Call) int {
	for _, p := range permissions {
		if s.options.Authorize != nil && !s.options.Authorize(call.Principal, p.Action, p.Resource) {
			call.Resource = p.Resource
			e := denied(call.Principal, p.Action, p.Resource)
			s3.WriteError(w, e.Status, "AccessDenied", e.Message)
			return e.Status
		}
	}
	fault := s.intercept(*call)
	if fault == nil {
		if e := s.skies.strike(*call, len(permissions)); e != nil {
			s3.WriteError(w, e.Status, e.Code(), e.Message)
			return e.Status
		}
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		if s.mayKnow(call.Principal, permissions[0]) {
			s.objects.ServeHTTP(seen, r)
			return seen.status
		}
		veil := &veil{ResponseWriter: seen}
		s.objects.ServeHTTP(veil, r)
		veil.lift(r.Method == http.MethodHead)
		return seen.status
	}
	if fault.Applied {
		s.objects.ServeHTTP(&answer{header: http.Header{}}, r)
	}
	e := fault.error()
	s3.WriteError(w, e.Status, e.Code(), e.Message)
	return e.Status
}

// mayKnow says whether a caller that reads an object is told that there is none: who may not list the bucket is not.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (s *Server) mayKnow(principal string, p s3.Permission) bool {
	if p.Action != "s3:GetObject" || s.options.Authorize == nil {
		return true
	}
	bucket, _, _ := strings.Cut(strings.TrimPrefix(p.Resource, "s3/"), "/")
	return s.options.Authorize(principal, "s3:ListBucket", "s3/"+bucket)
}

// A veil holds back an answer that says what is missing.
type veil struct {
	http.ResponseWriter
	missing *answer
}

func (v *veil) WriteHeader(status int) {
	if status == http.StatusNotFound {
		v.missing = &answer{}
		return
	}
	v.ResponseWriter.WriteHeader(status)
}

func (v *veil) Write(b []byte) (int, error) {
	if v.missing != nil {
		return v.missing.Write(b)
	}
	return v.ResponseWriter.Write(b)
}

// lift answers in place of what was held back. That there is no such bucket is no secret.
func (v *veil) lift(head bool) {
	switch {
	case v.missing == nil:
	case head: // whose answers have no body, so that nobody can tell what is missing
		v.Header().Del("Content-Length")
		v.ResponseWriter.WriteHeader(http.StatusForbidden)
	case bytes.Contains(v.missing.body.Bytes(), []byte("<Code>NoSuchKey</Code>")):
		v.Header().Del("Content-Length")
		s3.WriteError(v.ResponseWriter, http.StatusForbidden, "AccessDenied", "Access Denied")
	default:
		v.ResponseWriter.WriteHeader(http.StatusNotFound)
		v.ResponseWriter.Write(v.missing.body.Bytes())
	}
}

// A statusWriter remembers the status that passes through it.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
