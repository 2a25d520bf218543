using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Retrieval.Server.Tests.Access;

/// <summary>An issuer that takes requests for its key set and does not answer until it is let go; from then on it answers at once.</summary>
internal sealed class HangingIssuer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private volatile TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _asked;

    private HangingIssuer(WebApplication app) => _app = app;

    public string Address => _app.Urls.First() + "/keys";

    /// <summary>How often the set was asked for.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public static async Task<HangingIssuer> StartAsync(Func<string> keySet)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var issuer = new HangingIssuer(builder.Build());
        issuer._app.Urls.Add("http://127.0.0.1:0");
        issuer._app.MapGet("/keys", async (HttpContext context) =>
        {
            Interlocked.Increment(ref issuer._asked);
            await issuer._go.Task.WaitAsync(context.RequestAborted);
            return Results.Text(keySet(), "application/json");
        });
        await issuer._app.StartAsync();
        return issuer;
    }

    /// <summary>Answers what waits and what comes.</summary>
    public void Go() => _go.TrySetResult();

    /// <summary>Hangs again.</summary>
    public void Hang() => _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask DisposeAsync()
    {
        Go();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
