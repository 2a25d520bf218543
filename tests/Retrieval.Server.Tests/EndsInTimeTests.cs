using Microsoft.AspNetCore.Http;
using Retrieval.Server.Limits;

namespace Retrieval.Server.Tests;

public sealed class EndsInTimeTests
{
    [Fact]
    public async Task An_answer_that_comes_after_its_request_has_ended_is_let_go_of()
    {
        using var aborted = new CancellationTokenSource();
        var context = new DefaultHttpContext { RequestAborted = aborted.Token };
        var work = new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var request = new EndsInTime().InvokeAsync(EndpointFilterInvocationContext.Create(context), _ => new ValueTask<object?>(work.Task)).AsTask();

        await aborted.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        var answer = new Lease();
        work.SetResult(answer);
        await answer.Released.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task An_answer_in_time_is_handed_on_and_a_fault_is_the_requests()
    {
        var answer = new Lease();
        Assert.Same(answer, await new EndsInTime().InvokeAsync(EndpointFilterInvocationContext.Create(new DefaultHttpContext()), _ => new ValueTask<object?>(answer)));
        Assert.False(answer.Released.IsCompleted);
        await Assert.ThrowsAsync<InvalidDataException>(async () =>
            await new EndsInTime().InvokeAsync(EndpointFilterInvocationContext.Create(new DefaultHttpContext()), _ => throw new InvalidDataException()));
    }

    private sealed class Lease : IDisposable
    {
        private readonly TaskCompletionSource _released = new();

        public Task Released => _released.Task;

        public void Dispose() => _released.TrySetResult();
    }
}
