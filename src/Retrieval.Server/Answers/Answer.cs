using System.Buffers;
using Microsoft.AspNetCore.Http;
using Retrieval.Search.Queries;
using Retrieval.Search.Telemetry;

namespace Retrieval.Server.Answers;

/// <summary>
/// A 200 response that is written directly from where its parts are stored, as fast as the client reads it. Every fault is
/// found before the first byte: the length is counted first, and counting reads every part once.
/// </summary>
internal abstract class Answer : IResult, IDisposable
{
    private const int MostHeld = 64 << 10;

    /// <summary>How the time was spent; null if this is not reported.</summary>
    protected virtual IEnumerable<StageTime>? Stages => null;

    /// <summary>Writes the answer, or counts it.</summary>
    protected abstract ValueTask WriteAsync(JsonOut json, CancellationToken cancellationToken);

    /// <summary>Shortens the answer to the limit if necessary.</summary>
    /// <returns>Bytes of the answer.</returns>
    /// <exception cref="AnswerTooLongException">It cannot be shortened enough.</exception>
    protected abstract ValueTask<long> FitAsync(long mostBytes);

    /// <summary>Requires that the data it is written from still exists.</summary>
    protected abstract void RequireWhole();

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using (this)
        {
            var services = httpContext.RequestServices;
            var bytes = await FitAsync(((SearchOptions)services.GetService(typeof(SearchOptions))!).MaxAnswerBytes).ConfigureAwait(false);
            var whole = bytes <= MostHeld ? await WholeAsync((int)bytes, httpContext.RequestAborted).ConfigureAwait(false) : null;

            // Last check before the first byte: everything read so far still existed.
            RequireWhole();
            var response = httpContext.Response;
            response.ContentType = "application/json; charset=utf-8";
            response.ContentLength = bytes;
            if (Stages is { } stages)
            {
                response.Headers["Server-Timing"] = Timings.Of(httpContext, (TimeProvider)services.GetService(typeof(TimeProvider))!, stages);
            }

            if (whole is null)
            {
                await SendAsync(httpContext).ConfigureAwait(false);
            }
            else
            {
                // Not with the request's token: see WholeJson.
                httpContext.RequestAborted.ThrowIfCancellationRequested();
                await response.BodyWriter.WriteAsync(whole.WrittenMemory, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    // Most answers are short. A short one is buffered completely first, so that a failure becomes a problem and not a truncated answer.
    private async Task<ArrayBufferWriter<byte>> WholeAsync(int bytes, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(bytes + JsonOut.Slack);
        await WriteAsync(new JsonOut(buffer), cancellationToken).ConfigureAwait(false);
        return buffer;
    }

    /// <summary>Counts the bytes that would be written.</summary>
    protected static async ValueTask<long> CountAsync(Func<JsonOut, CancellationToken, ValueTask> write)
    {
        var json = new JsonOut(null);
        try
        {
            await write(json, CancellationToken.None).ConfigureAwait(false);
            return json.Bytes;
        }
        finally
        {
            json.End();
        }
    }

    // A client that does not read its answer within the request's time limit loses it: it holds a permit and the searched snapshot.
    private async Task SendAsync(HttpContext context)
    {
        var cancelled = context.RequestAborted;
        cancelled.ThrowIfCancellationRequested();
        var json = new JsonOut(context.Response.BodyWriter);
        try
        {
            await WriteAsync(json, cancelled).ConfigureAwait(false);

            // The last bytes are sent only if nothing was lost during writing: a client that has all of them has a complete answer.
            RequireWhole();
            await json.FlushAsync(cancelled).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
        catch (Exception) when (json.Bytes > 0)
        {
            // Rethrown so that it is logged as what it is. The client must not take the partial answer for a complete one, and what is
            // already in the pipe cannot be replaced by a problem.
            context.Abort();
            throw;
        }
    }
}
