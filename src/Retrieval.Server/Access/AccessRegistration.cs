using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Access.Keys;
using Retrieval.Server.Access.Tokens;
using Retrieval.Server.Configuration;
using Retrieval.Server.Errors;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Access;

/// <summary>Who may do what: keys and tokens by the framework's authentication, roles by its authorization.</summary>
internal static class AccessRegistration
{
    public static void AddAccess(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(options.Access);
        services.AddSingleton<KeyRing>();
        services.AddSingleton<AccessLog>();
        services.AddInstruments<AccessMetrics>();
        if (options.Access.KeyFile.Length > 0)
        {
            services.AddSingleton<KeyFileMonitor>();
            services.AddHostedService(provider => provider.GetRequiredService<KeyFileMonitor>());
        }

        // What the framework's AddAuthentication registers, without its data protection: that makes keys for cookies and writes them to
        // the home folder, and there are no cookies.
        services.AddAuthenticationCore(schemes => schemes.DefaultScheme = AccessSchemes.Any);
        services.AddWebEncoders();
        services.AddSingleton<IAuthenticationConfigurationProvider, NoAuthenticationConfiguration>();
        var authentication = new AuthenticationBuilder(services)
            .AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(AccessSchemes.Keys, null)
            .AddPolicyScheme(AccessSchemes.Any, null, any => any.ForwardDefaultSelector = context => options.Jwt.IsSet && IsToken(context) ? AccessSchemes.Tokens : AccessSchemes.Keys);
        if (options.Jwt.IsSet)
        {
            authentication.AddTokens(options.Jwt);
        }

        services.AddAuthorizationBuilder();
        services.Configure<AuthorizationOptions>(AccessPolicies.Configure);
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AccessAnswers>();
    }

    /// <summary>
    /// Checks each request before anything of it is read or counted against a limit. Reads the file of keys now, so that a server
    /// with one that cannot be used does not start.
    /// </summary>
    /// <exception cref="InvalidConfigurationException">The file of keys cannot be used.</exception>
    public static void UseAccess(this WebApplication app, ServerOptions options)
    {
        var log = app.Services.GetRequiredService<AccessLog>();

        // Not before: a start that fails is told in one line.
        app.Lifetime.ApplicationStarted.Register(() => log.Started(options));
        app.Services.GetService<KeyFileMonitor>()?.Load();
        app.Services.GetService<KeySet>()?.Begin();
        app.Use((context, next) => Credential.IsInQuery(context.Request)
            ? context.RequestServices.GetRequiredService<ProblemWriter>().WriteAsync(context, Problems.KeyInQuery)
            : next(context));
        app.UseAuthentication();
        app.UseAuthorization();
    }

    private static bool IsToken(HttpContext context) => Credential.Of(context.Request) is { IsEmpty: false, Fault: null, IsKey: false };
}
