using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Retrieval.Server.Errors;

/// <summary>Every error is answered with <c>application/problem+json</c> and a body.</summary>
internal static class ProblemRegistration
{
    public static void AddProblems(this IServiceCollection services)
    {
        services.AddSingleton<Problems>();
        services.AddSingleton<ProblemWriter>();
        services.AddExceptionHandler<ProblemHandler>();
    }

    public static void UseProblems(this WebApplication app)
    {
        var writer = app.Services.GetRequiredService<ProblemWriter>();
        app.UseStatusCodePages(page => writer.WriteAsync(page.HttpContext, page.HttpContext.Response.StatusCode));
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            // Reached only when the handler itself failed.
            ExceptionHandler = context => writer.WriteAsync(context, 500),
        });
    }
}
