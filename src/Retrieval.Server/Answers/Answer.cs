using System.Buffers;
using Microsoft.AspNetCore.Http;
using Retrieval.Search.Queries;
using Retrieval.Search.Telemetry;

namespace Retrieval.Server.Answers;

/// <summary>
/// A 200 that is written from where its parts are stored, as fast as its reader takes it. All that can be wrong with it is
/// found before its first byte: its length is counted, and with that every part has been read once.
/// </summary>
internal abstract class Answer : IResult, IDisposable
{
    private const int MostHeld = 64 << 10;

    /// <summary>What the time went to; null for none of that.</summary>
    protected virtual IEnumerable<StageTime>? Stages => null;

    /// <summary>Writes the answer, or counts it.</summary>
    protected abstract ValueTask WriteAsync(JsonOut json, CancellationToken cancellationToken);

    /// <summary>Makes it as short as it must be.</summary>
    /// <returns>Bytes of the answer.</returns>
    /// <exception cref="AnswerTooLongException">It cannot be.</exception>
    protected abstract ValueTask<long> FitAsync(long mostBytes);

    /// <summary>Requires that what it is written from is still there.</summary>
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

            // Last of all before the first byte: whatever was read until now was there.
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
                await response.BodyWriter.WriteAsync(whole.WrittenMemory, httpContext.RequestAborted).ConfigureAwait(false);
            }
        }
    }

    // Most answers are short. Such a one is made whole first, so that what fails meanwhile is a problem and not an answer that breaks off.
    private async Task<ArrayBufferWriter<byte>> WholeAsync(int bytes, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(bytes + JsonOut.Slack);
        await WriteAsync(new JsonOut(buffer), cancellationToken).ConfigureAwait(false);
        return buffer;
    }

    /// <summary>Bytes of what is written.</summary>
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

    // Whoever does not take his answer in the time of a request loses it: he holds a place and what was searched meanwhile.
    private async Task SendAsync(HttpContext context)
    {
        var cancelled = context.RequestAborted;
        cancelled.ThrowIfCancellationRequested();
        var json = new JsonOut(context.Response.BodyWriter);
        try
        {
            await WriteAsync(json, cancelled).ConfigureAwait(false);

            // The last bytes go out only if nothing was lost while it was written: a reader who has all of them has a whole answer.
            RequireWhole();
            await json.FlushAsync(cancelled).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
        catch (Exception) when (json.Bytes > 0)
        {
            // To be logged as what it is. The reader must not take what he has for an answer, and what is in the pipe cannot be
            // taken back to make room for a problem.
            context.Abort();
            throw;
        }
    }
}
