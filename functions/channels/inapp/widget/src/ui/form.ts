import type { Form, FormField } from "../content";
import { h, link } from "./dom";
import type { View } from "./view";

type Control = HTMLInputElement | HTMLSelectElement;

/** A question is a field on the screen. */
interface Question {
  field: FormField;
  row: HTMLElement;
  control: Control;
  fault: HTMLElement;
}

let forms = 0; // for ids within the shadow tree

/** form asks for values, page by page. */
export function form(f: Form, view: View): HTMLElement {
  const box = h("form", { class: "card form", novalidate: true }, h("strong", { dir: "auto" }, f.title));
  if (f.text) box.append(h("p", { dir: "auto" }, f.text));
  if (!f.fields?.length) {
    box.append(link(f.url, { class: "button main" }, f.submit || view.t.openPage));
    return box;
  }
  const questions = f.fields.map((field) => question(field, view, `form-${forms++}`));
  if (view.answer) box.append(...questions.map((q) => q.row));
  else steps(box, f, questions, view);
  return box;
}

/** steps shows one page after the other. */
function steps(box: HTMLFormElement, f: Form, questions: Question[], view: View): void {
  const { t } = view;
  const pages = [...new Set(questions.map((q) => q.field.page ?? 0))].sort((a, b) => a - b);
  let at = 0;
  const fields = h("div", { class: "fields" });
  const on = (): Question[] => questions.filter((q) => (q.field.page ?? 0) === pages[at]);
  const back = h("button", { type: "button", class: "button", click: () => show(at - 1) }, t.back);
  const next = h("button", { type: "submit", class: "button main" });
  const show = (page: number, focus = true): void => {
    at = page;
    fields.replaceChildren(...on().map((q) => q.row));
    back.hidden = at === 0;
    next.textContent = at < pages.length - 1 ? t.next : f.submit || t.send;
    if (focus) on()[0]?.control.focus();
  };
  box.addEventListener("submit", (event) => {
    event.preventDefault();
    const wrong = on().filter((q) => !check(q, view));
    if (wrong[0]) return wrong[0].control.focus();
    if (at < pages.length - 1) return show(at + 1);
    view.submit(f.id, questions.filter((q) => q.control.value).map((q) => ({ name: q.field.id, value: q.control.value.trim() })));
  });
  show(0, false);
  box.append(fields, h("div", { class: "row" }, back, next));
}

function question(field: FormField, view: View, id: string): Question {
  const control = field.type === "select" ? select(field, id) : input(field, id);
  const given = view.answer?.values?.find((v) => v.name === field.id)?.value;
  if (given !== undefined) control.value = given;
  control.disabled = !!view.answer;
  control.setAttribute("aria-describedby", id + "-fault");
  if (field.required) control.setAttribute("aria-required", "true");
  const fault = h("small", { class: "fault", id: id + "-fault" });
  const title = h("label", { for: id, dir: "auto" }, field.label, field.required && h("span", { "aria-hidden": "true" }, " *"));
  return { field, control, fault, row: h("div", { class: "field" }, title, control, fault) };
}

const inputs: Record<string, { type: string; inputmode?: string; autocomplete?: string }> = {
  number: { type: "text", inputmode: "decimal" }, // a number box turns with the wheel and drops leading zeros
  date: { type: "date" },
  email: { type: "email", autocomplete: "email" },
  phone: { type: "tel", autocomplete: "tel" },
};

function input(field: FormField, id: string): Control {
  return h("input", { id, maxlength: 2000, ...(inputs[field.type] ?? { type: "text" }) });
}

function select(field: FormField, id: string): Control {
  const options = (field.options ?? []).map((o) => h("option", { value: o.id }, o.label));
  return h("select", { id }, h("option", { value: "" }, "—"), ...options);
}

/** check tells whether a question is answered well, and says so beside it if not. */
function check({ field, control, fault }: Question, { t }: View): boolean {
  const value = control.value.trim();
  const number = field.type !== "number" || /^[-+]?\d+([.,]\d+)?$/.test(value);
  const valid = control.checkValidity() && number;
  fault.textContent = !value ? (field.required ? t.required : "") : valid ? "" : t.invalid;
  control.setAttribute("aria-invalid", String(!!fault.textContent));
  return !fault.textContent;
}
