using Retrieval.Server.Limits.Callers;

namespace Retrieval.Server.Tests.Access;

public sealed class CallerBudgetTests
{
    [Fact]
    public void A_burst_is_let_through_and_what_follows_is_told_when_to_come_back()
    {
        using var budget = new CallerBudget(perSecond: 0.001, burstSeconds: 3000);

        Assert.Null(budget.Take(1));
        Assert.Null(budget.Take(2));
        var wait = budget.Take(1)!.Value;
        Assert.InRange(wait.TotalSeconds, 900, 1000);
        Assert.NotNull(budget.Take(1));
    }

    [Fact]
    public void A_request_above_the_burst_is_let_through_once_and_paid_for_by_the_next()
    {
        using var budget = new CallerBudget(perSecond: 0.01, burstSeconds: 1000);

        Assert.Null(budget.Take(50));
        Assert.InRange(budget.Take(1)!.Value.TotalSeconds, 4000, 4100);
    }

    [Theory]
    [InlineData(1e-300, 3600)]
    [InlineData(1e9, 3600)]
    [InlineData(1e-6, 0.1)]
    public void Any_rate_and_burst_can_be_counted_with(double perSecond, double burst)
    {
        using var budget = new CallerBudget(perSecond, burst);

        Assert.Null(budget.Take(long.MaxValue / 2));
        Assert.NotNull(budget.Take(1));
    }

    [Fact]
    public async Task Over_time_a_caller_gets_the_rate_whatever_its_requests_cost()
    {
        using var budget = new CallerBudget(perSecond: 20_000, burstSeconds: 0.1);
        var began = TimeProvider.System.GetTimestamp();
        var taken = 0L;
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(0.5))
        {
            foreach (var cost in new[] { 7, 1000, 9000 })
            {
                taken += budget.Take(cost) is null ? cost : 0;
            }

            await Task.Yield();
        }

        // The bucket, what came in meanwhile, and one debt.
        Assert.InRange(taken, 0, 2000 + (20_000 * TimeProvider.System.GetElapsedTime(began).TotalSeconds) + 9000);
    }
}
