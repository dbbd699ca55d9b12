/** Around a list that comes page by page: faults, waiting, what to say of an empty one, "more". */
import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { FaultNote, Waiting } from "./parts";
import table from "./table.module.css";
import type { Pages } from "./usePages";

export function PagedList<T>({ pages, empty, more, children }: { pages: Pages<T>; empty: ReactNode; more: string; children: ReactNode }) {
  return (
    <>
      {pages.fault && <FaultNote text={pages.fault} retry={() => void pages.again()} />}
      {!pages.known && !pages.fault && <Waiting />}
      {pages.known && pages.rows.length === 0 && empty}
      {pages.rows.length > 0 && children}
      {pages.moreFault && <FaultNote text={pages.moreFault} />}
      {pages.next && (
        <div className={table.more}>
          <Button variant="default" onClick={() => void pages.more()}>{more}</Button>
        </div>
      )}
    </>
  );
}
