using System.Net;
using System.Net.Http.Headers;
using Retrieval.Domain.Errors;

namespace Retrieval.Bench.Load;

/// <summary>
/// Sends searches over HTTP/1.1 and reports the outcome of each. Uses as many connections as there are waiting requests, without a
/// limit.
/// </summary>
internal sealed class LoadClient : IDisposable
{
    private const int LeaveStream = 3;
    private const int LeaveAfterStream = 4;
    private const int MostAnswerBytes = 64 << 20;
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly LoadOptions _options;
    private readonly QueryMix _mix;
    private readonly HttpClient _http;

    public LoadClient(LoadOptions options, QueryMix mix)
    {
        _options = options;
        _mix = mix;
        _http = Connect(options);
    }

    /// <summary>A client suited to measurements: no proxy, no cookies, no redirects, no tracing headers.</summary>
    /// <exception cref="InvalidInputException">The file of the key holds none.</exception>
    public static HttpClient Connect(LoadOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = int.MaxValue,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            ConnectTimeout = TimeSpan.FromMilliseconds(options.TimeoutMs),
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
        };
        var http = new HttpClient(handler)
        {
            BaseAddress = options.Server,
            DefaultRequestVersion = HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            MaxResponseContentBufferSize = MostAnswerBytes,
            Timeout = TimeSpan.FromMilliseconds(options.TimeoutMs),
        };
        if (options.ApiKeyFile is { } file)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiKeyFile.Read(file));
        }

        return http;
    }

    /// <inheritdoc cref="Send"/>
    public async Task<Exchange> SendAsync(long number, CancellationToken cancellationToken)
    {
        using var leave = Leaves(number) ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken) : null;
        leave?.CancelAfter(TimeSpan.FromMilliseconds(_options.DisconnectWithinMs * Dice.Draw(_options.Seed, LeaveAfterStream, number)));
        var (path, body) = _mix[number];
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = Json;
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, leave?.Token ?? cancellationToken).ConfigureAwait(false);
            return await ReadAsync(response, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return leave?.IsCancellationRequested == true ? new Exchange(ExchangeKind.Left) : new Exchange(ExchangeKind.Failed, Fault: "timeout");
        }
        catch (HttpRequestException exception)
        {
            return leave?.IsCancellationRequested == true ? new Exchange(ExchangeKind.Left) : new Exchange(ExchangeKind.Failed, Fault: Name(exception));
        }
    }

    public void Dispose() => _http.Dispose();

    // The names of an enumeration: a bounded set, whatever the server does.
    private static string Name(HttpRequestException exception) => exception.HttpRequestError switch
    {
        HttpRequestError.ConnectionError => "connect",
        HttpRequestError.NameResolutionError => "name resolution",
        HttpRequestError.ResponseEnded => "connection closed",
        HttpRequestError.Unknown => exception.InnerException is IOException ? "connection broken" : "unknown",
        var other => other.ToString(),
    };

    private static async Task<Exchange> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var retryAfter = response.Headers.RetryAfter is { } header ? header.Delta ?? TimeSpan.Zero : (TimeSpan?)null;
        var kind = status switch
        {
            200 => ExchangeKind.Answered,
            429 => ExchangeKind.Shed,
            504 => ExchangeKind.Late,
            _ => ExchangeKind.Refused,
        };
        if (kind != ExchangeKind.Answered)
        {
            return new Exchange(kind, status, RetryAfter: retryAfter);
        }

        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        if (!AnswerBody.TryRead(body, out var degraded))
        {
            return new Exchange(ExchangeKind.Failed, status, Fault: "no search's answer");
        }

        var stages = response.Headers.TryGetValues("Server-Timing", out var timing) ? ServerTiming.Parse(timing) : [];
        return new Exchange(kind, status, Degraded: degraded, Stages: stages);
    }

    private bool Leaves(long number) => _options.Disconnect > 0 && Dice.Draw(_options.Seed, LeaveStream, number) < _options.Disconnect;
}
