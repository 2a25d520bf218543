using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Mime;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;
using Retrieval.Domain.Errors;
using Retrieval.Search.Queries;
using Retrieval.Server.Configuration;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Requests;

/// <summary>
/// Receives the body of a request before the request takes one of the few work permits: a caller who sends slowly holds a
/// connection and the bytes sent so far, but never a permit. A body that is not JSON is refused here; a JSON body waits as the
/// bytes that arrived.
/// </summary>
internal sealed class BodyReader(RequestDelegate next, ServerOptions options, TimeProvider time)
{
    // The server limits the body's length before this; nothing reads from the pipe while it is written.
    private static readonly PipeOptions Unbounded = new(pauseWriterThreshold: 0, useSynchronizationContext: false);

    public async Task InvokeAsync(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<IAcceptsMetadata>() is not { } accepts)
        {
            context.Features.Set(new ReceivedBody(ReadOnlySequence<byte>.Empty, null, time.GetTimestamp()));
            await next(context).ConfigureAwait(false);
            return;
        }

        await ReceiveAsync(context, RequireType(context.Request, accepts)).ConfigureAwait(false);
    }

    private async Task ReceiveAsync(HttpContext context, string type)
    {
        var pipe = new Pipe(Unbounded);
        try
        {
            if (!await TryReceiveAsync(context, pipe.Writer).ConfigureAwait(false))
            {
                return;
            }

            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            var read = await pipe.Reader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            context.Features.Set(Received(context.Request, type, read.Buffer));
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    // A caller who disconnects while sending is not a server fault, nor is a connection that this server closed to make room; no one
    // is left to read an answer.
    private static async Task<bool> TryReceiveAsync(HttpContext context, PipeWriter writer)
    {
        try
        {
            await context.Request.Body.CopyToAsync(writer, context.RequestAborted).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is ConnectionResetException or ConnectionAbortedException or OperationCanceledException { InnerException: ConnectionAbortedException })
        {
            context.Abort();
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return false;
        }
        catch (Exception exception) when (exception is not (BadHttpRequestException or OperationCanceledException or OutOfMemoryException))
        {
            // The only thing that can fail here, in one way or another, is reading what the caller sent: a chunk whose size overflows is
            // an IOException. Nothing that follows on this connection can be interpreted.
            context.Response.OnStarting(Close, context.Response);
            throw new BadHttpRequestException("the body is not valid HTTP: " + exception.Message, StatusCodes.Status400BadRequest, exception);
        }
    }

    private static Task Close(object response)
    {
        ((HttpResponse)response).Headers.Connection = "close";
        return Task.CompletedTask;
    }

    private ReceivedBody Received(HttpRequest request, string type, ReadOnlySequence<byte> body)
    {
        if (type != MediaTypeNames.Application.Json)
        {
            var received = time.GetTimestamp();
            return new ReceivedBody(body, Deadline.Of(SearchBody.DeadlineOf(request), received, time), received) { MediaType = type };
        }

        var bytes = JsonScan.WithoutMark(body);
        var (asked, at) = (DeadlineOf(bytes), time.GetTimestamp());
        return new ReceivedBody(bytes, Deadline.Of(asked, at, time), at);
    }

    private int? DeadlineOf(ReadOnlySequence<byte> bytes)
    {
        try
        {
            return JsonScan.Deadline(bytes, options.Http.MaxJsonDepth);
        }
        catch (JsonException exception)
        {
            throw new InvalidInputException(
                string.Create(CultureInfo.InvariantCulture, $"the body is not JSON, or is nested more than {options.Http.MaxJsonDepth} deep: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}"),
                innerException: exception);
        }
    }

    private static string RequireType(HttpRequest request, IAcceptsMetadata accepts)
    {
        var known = MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && accepts.ContentTypes.Contains(type.MediaType.ToString(), StringComparer.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
        var plain = request.Headers.ContentEncoding.All(encoding => string.Equals(encoding, "identity", StringComparison.OrdinalIgnoreCase));
        return known && plain
            ? type!.MediaType.ToString().ToLowerInvariant()
            : throw new MediaTypeException(accepts.ContentTypes);
    }
}
