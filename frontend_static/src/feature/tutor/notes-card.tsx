/** What staff wrote down about the tutor, for each other. */
import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Schemas, told } from "@/api/client";
import { failure, sentence } from "@/api/problem";
import { tutorNotes } from "@/api/query";
import { useApi } from "@/api/use-api";
import { usePerson } from "@/session/use-session";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Dialog } from "@/ui/dialog";
import { TextArea } from "@/ui/field";
import { Failed } from "@/ui/state";
import { Ago } from "@/ui/time";
import { useUnsaved } from "@/ui/use-unsaved";

type Note = Schemas["Note"];

export function NotesCard({ tutorId }: { tutorId: string }): ReactNode {
  const found = useQuery(tutorNotes(useApi(), tutorId));
  return (
    <Card title="Notes" aside="for staff; the tutor never sees them">
      <Form tutorId={tutorId} />
      {found.isError && !found.data ? (
        <Failed {...failure(found)} />
      ) : (
        <ul>
          {found.data?.map((note) => (
            <Line key={note.note_id} tutorId={tutorId} note={note} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Form({ tutorId }: { tutorId: string }): ReactNode {
  const api = useApi();
  const queries = useQueryClient();
  // Kept until the note is stored: trying again then writes no second one, unless it is another.
  const [id, setId] = useState(() => crypto.randomUUID());
  const [text, setText] = useState("");
  useUnsaved(Boolean(text.trim()));
  const write = useMutation({
    mutationFn: async () => {
      const params = { path: { tutor_id: tutorId, note_id: id } };
      const body = { text: text.trim() };
      return told(await api.PUT("/api/tutors/{tutor_id}/notes/{note_id}", { params, body })).items;
    },
    onSuccess: (notes) => {
      show(queries, tutorId, notes);
      setText("");
      setId(crypto.randomUUID());
    },
  });
  return (
    <form
      className="flex flex-col gap-1 print:hidden"
      onSubmit={(event) => {
        event.preventDefault();
        write.mutate();
      }}
    >
      <TextArea
        label="New note"
        required
        maxLength={2000}
        rows={2}
        value={text}
        error={write.error && sentence(write.error)}
        onChange={(event) => {
          setText(event.target.value);
          if (write.isError) setId(crypto.randomUUID());
        }}
      />
      <div className="flex justify-end">
        <Button type="submit" disabled={write.isPending || !text.trim()}>
          Add note
        </Button>
      </div>
    </form>
  );
}

function Line({ tutorId, note }: { tutorId: string; note: Note }): ReactNode {
  const person = usePerson();
  const [asking, setAsking] = useState(false);
  const removable = note.written_by === person.name || person.roles.includes("ops_manager");
  return (
    <li className="border-t border-line py-2.5 first:mt-3 last:pb-0">
      <p className="wrap-anywhere whitespace-pre-wrap">{note.text}</p>
      <p className="flex items-center gap-2 text-xs text-muted">
        <span>
          {note.written_by} · <Ago at={note.written_at} />
        </span>
        {removable && (
          <button
            type="button"
            className="underline decoration-line-strong underline-offset-2 hover:text-ink pointer-coarse:py-2 print:hidden"
            aria-label={`Remove the note by ${note.written_by}`}
            onClick={() => {
              setAsking(true);
            }}
          >
            Remove
          </button>
        )}
      </p>
      {asking && (
        <Removal
          tutorId={tutorId}
          note={note}
          onClose={() => {
            setAsking(false);
          }}
        />
      )}
    </li>
  );
}

interface RemovalProps {
  tutorId: string;
  note: Note;
  onClose: () => void;
}

function Removal({ tutorId, note, onClose }: RemovalProps): ReactNode {
  const api = useApi();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: async () => {
      const params = { path: { tutor_id: tutorId, note_id: note.note_id } };
      return told(await api.DELETE("/api/tutors/{tutor_id}/notes/{note_id}", { params })).items;
    },
    onSuccess: (notes) => {
      show(queries, tutorId, notes);
      onClose();
    },
  });
  return (
    <Dialog open onClose={onClose} title="Remove this note?" about="It can not be brought back.">
      <blockquote className="mb-4 line-clamp-6 border-l-2 border-line-strong pl-3 wrap-anywhere whitespace-pre-wrap">
        {note.text}
      </blockquote>
      {remove.error && (
        <p role="alert" className="mb-3 text-critical">
          {sentence(remove.error)}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Back</Button>
        <Button
          look="danger"
          disabled={remove.isPending}
          onClick={() => {
            remove.mutate();
          }}
        >
          Remove
        </Button>
      </div>
    </Dialog>
  );
}

function show(queries: QueryClient, tutorId: string, notes: readonly Note[]): void {
  queries.setQueryData(["tutor", tutorId, "notes"], notes);
}
