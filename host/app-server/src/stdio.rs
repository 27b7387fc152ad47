//! Messages on the standard input and output, a line each.

use std::io;

use threadkeep_listen::stopped;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::watch;

use crate::connection::Connection;
use crate::envelope::MAX_MESSAGE;
use crate::error::{PARSE_ERROR, RpcError};
use crate::outbox::OutboxReader;

/// Serves a client on streams of lines, until it has no more to say and was answered, or is gone.
pub(crate) async fn serve(
    mut connection: Connection,
    outbox: OutboxReader,
    input: impl tokio::io::AsyncRead + Unpin + Send + 'static,
    output: impl AsyncWrite + Unpin + Send + 'static,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let writer = tokio::spawn(write(outbox, output));
    let mut lines = BufReader::new(input);
    loop {
        let line = tokio::select! {
            line = next_line(&mut lines) => line?,
            () = stopped(&mut stop) => break,
        };
        let received = match line {
            Line::End => break,
            Line::Text(line) if line.trim_ascii().is_empty() => Ok(()),
            Line::Text(line) => match std::str::from_utf8(&line) {
                Ok(text) => connection.receive(text).await,
                Err(_) => connection.refuse(RpcError::new(PARSE_ERROR, "the message is no UTF-8")).await,
            },
            Line::TooLong => {
                let why = format!("the message is longer than {MAX_MESSAGE} bytes and was not read");
                connection.refuse(RpcError::invalid(why)).await
            }
        };
        if received.is_err() {
            break;
        }
    }
    connection.finish().await;
    writer.await.unwrap_or(Ok(()))
}

enum Line {
    Text(Vec<u8>),
    TooLong,
    End,
}

/// Reads a line; of one that is too long nothing is kept.
async fn next_line(input: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Line> {
    let (mut line, mut is_too_long) = (Vec::new(), false);
    loop {
        let read = input.fill_buf().await?;
        if read.is_empty() {
            return Ok(match (is_too_long, line.is_empty()) {
                (true, _) => Line::TooLong,
                (false, true) => Line::End,
                (false, false) => Line::Text(line),
            });
        }
        let (taken, is_whole) = match read.iter().position(|byte| *byte == b'\n') {
            Some(feed) => (feed + 1, true),
            None => (read.len(), false),
        };
        if line.len() + taken > MAX_MESSAGE {
            (line, is_too_long) = (Vec::new(), true);
        } else if !is_too_long {
            line.extend_from_slice(&read[..taken]);
        }
        input.consume(taken);
        if is_whole {
            return Ok(if is_too_long { Line::TooLong } else { Line::Text(line) });
        }
    }
}

async fn write(mut outbox: OutboxReader, mut output: impl AsyncWrite + Unpin) -> io::Result<()> {
    while let Some(mut text) = outbox.next().await {
        text.push('\n');
        while text.len() < 64 * 1024
            && let Some(more) = outbox.next_now()
        {
            text.push_str(&more);
            text.push('\n');
        }
        output.write_all(text.as_bytes()).await?;
        output.flush().await?;
    }
    match outbox.has_overflowed() {
        true => Err(io::Error::other("the client did not read what it was told, and was let go")),
        false => Ok(()),
    }
}
