package channel

import (
	"net/url"
	"path"
	"strings"

	"github.com/relais-dev/relais/events"
)

// MIME is the type of m as its registry writes it: by what it says, else by the
// extension of its name or address; "" where neither tells.
func MIME(m events.Media) string {
	typ := strings.ToLower(strings.TrimSpace(m.MIME))
	base, parameters, _ := strings.Cut(typ, ";")
	base = strings.TrimSpace(base)
	if registered, ok := aliases[base]; ok {
		base = registered
	}
	switch {
	case base == "" || base == "application/octet-stream" || base == "application/x-download" ||
		base == "application/force-download":
		if told := byExtension(m); told != "" {
			return told
		}
		return base
	case !strings.Contains(base, "/"):
		return byExtension(m)
	case strings.TrimSpace(parameters) == "":
		return base
	}
	return base + "; " + strings.TrimSpace(parameters)
}

// byExtension is the type that m's name tells, else the last segment of its address.
func byExtension(m events.Media) string {
	if t := extensions[strings.ToLower(path.Ext(events.Trim(m.Name)))]; t != "" {
		return t
	}
	u, err := url.Parse(m.URL)
	if err != nil {
		return ""
	}
	return extensions[strings.ToLower(path.Ext(u.Path))]
}

// Extension is the usual one of m's type, with its dot, or "".
func Extension(m events.Media) string {
	base, _, _ := strings.Cut(MIME(m), ";")
	return usual[base]
}

// aliases are names in use for types that are registered under another.
// https://www.iana.org/assignments/media-types/, https://mimesniff.spec.whatwg.org/
var aliases = map[string]string{
	"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/jfif": "image/jpeg", "image/x-jpg": "image/jpeg",
	"image/x-png": "image/png", "image/apng": "image/png", "image/x-webp": "image/webp", "image/x-ms-bmp": "image/bmp",
	"image/x-bmp": "image/bmp", "image/tif": "image/tiff", "audio/mp3": "audio/mpeg", "audio/x-mp3": "audio/mpeg",
	"audio/mpeg3": "audio/mpeg", "audio/x-mpeg": "audio/mpeg", "audio/mpg": "audio/mpeg", "audio/x-m4a": "audio/mp4",
	"audio/m4a": "audio/mp4", "audio/x-mp4": "audio/mp4", "audio/x-aac": "audio/aac", "audio/aacp": "audio/aac",
	"audio/x-wav": "audio/wav", "audio/wave": "audio/wav", "audio/vnd.wave": "audio/wav", "audio/x-ogg": "audio/ogg",
	"audio/opus": "audio/ogg; codecs=opus", "audio/x-opus+ogg": "audio/ogg; codecs=opus", "audio/x-amr": "audio/amr",
	"audio/x-flac": "audio/flac", "video/x-mp4": "video/mp4", "video/x-m4v": "video/mp4", "video/m4v": "video/mp4",
	"video/mov": "video/quicktime", "video/3gp": "video/3gpp", "video/avi": "video/x-msvideo",
	"application/x-pdf": "application/pdf", "application/acrobat": "application/pdf", "text/pdf": "application/pdf",
	"application/x-zip-compressed": "application/zip", "application/x-zip": "application/zip",
	"text/x-vcard": "text/vcard", "text/directory": "text/vcard", "application/csv": "text/csv", "text/x-csv": "text/csv",
}

// extensions tell the type of a file.
var extensions = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jpe": "image/jpeg", ".jfif": "image/jpeg", ".png": "image/png",
	".gif": "image/gif", ".webp": "image/webp", ".bmp": "image/bmp", ".tif": "image/tiff", ".tiff": "image/tiff",
	".heic": "image/heic", ".heif": "image/heif", ".svg": "image/svg+xml", ".mp4": "video/mp4", ".m4v": "video/mp4",
	".mov": "video/quicktime", ".webm": "video/webm", ".3gp": "video/3gpp", ".3gpp": "video/3gpp",
	".mkv": "video/x-matroska", ".avi": "video/x-msvideo", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".aac": "audio/aac",
	".amr": "audio/amr", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg; codecs=opus", ".wav": "audio/wav",
	".flac": "audio/flac", ".caf": "audio/x-caf", ".tgs": "application/x-tgsticker", ".pdf": "application/pdf",
	".zip": "application/zip", ".txt": "text/plain", ".csv": "text/csv", ".vcf": "text/vcard", ".ics": "text/calendar",
	".json": "application/json", ".xml": "application/xml", ".rtf": "application/rtf", ".doc": "application/msword",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xls":  "application/vnd.ms-excel", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".ppt":  "application/vnd.ms-powerpoint",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt":  "application/vnd.oasis.opendocument.text",
}

// usual is the extension of a type that has one more used than others.
var usual = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "video/mp4": ".mp4",
	"video/3gpp": ".3gp", "video/quicktime": ".mov", "video/webm": ".webm", "audio/mpeg": ".mp3", "audio/mp4": ".m4a",
	"audio/aac": ".aac", "audio/amr": ".amr", "audio/ogg": ".ogg", "audio/wav": ".wav", "application/pdf": ".pdf",
	"application/zip": ".zip", "text/plain": ".txt", "text/csv": ".csv", "text/vcard": ".vcf", "text/calendar": ".ics",
	"application/msword": ".doc", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
	"application/vnd.ms-excel": ".xls", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
