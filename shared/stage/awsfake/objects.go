package awsfake

import (
	"net/http"

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
		s.objects.ServeHTTP(seen, r)
		return seen.status
	}
	if fault.Applied {
		s.objects.ServeHTTP(&answer{header: http.Header{}}, r)
	}
	e := fault.error()
	s3.WriteError(w, e.Status, e.Code(), e.Message)
	return e.Status
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
