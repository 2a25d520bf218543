using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Retrieval.Server.Tests.Access;

/// <summary>An issuer that takes requests for its key set and does not answer until it is let go; from then on it answers at once.</summary>
internal sealed class HangingIssuer : IAsyncDisposable
{
    private readonly WebApplication _app = WebApplication.CreateSlimBuilder().Build();
    private volatile TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _asked;

    public string Address => _app.Urls.First() + "/keys";

    /// <summary>How often the set was asked for.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public static async Task<HangingIssuer> StartAsync(Func<string> keySet)
    {
        var issuer = new HangingIssuer();
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

    public void Go() => _go.TrySetResult();

    public void Hang() => _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask DisposeAsync()
    {
        Go();
        await _app.DisposeAsync();
    }
}
