using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Configuration;

namespace Retrieval.Server.Access;

/// <summary>Schemes are configured by code here. The framework would look for a section of its own in the host's configuration.</summary>
internal sealed class NoAuthenticationConfiguration : IAuthenticationConfigurationProvider
{
    public IConfiguration AuthenticationConfiguration { get; } = new ConfigurationBuilder().Build();
}
